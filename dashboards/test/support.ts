/** The server's end of a websocket, by hand: tests say what comes when, on a clock that they move. */
import { vi } from 'vitest';
import type { JsonObject } from '../src/live/frames';

type Sent = JsonObject & { type: string };

export class Wire {
  static all: Wire[] = [];
  sent: Sent[] = [];
  closed = false;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    Wire.all.push(this);
  }

  static get last(): Wire {
    const wire = Wire.all.at(-1);
    if (wire === undefined) throw new Error('nothing has been opened');
    return wire;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
  }

  close(): void {
    this.closed = true;
  }

  frame(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  hello(): void {
    this.frame({ type: 'hello', server_ms: 0, protocol: 'playhead.v1' });
  }

  snapshot(id: string, seq: number, state: object): void {
    this.frame({ type: 'snapshot', id, seq, state });
  }

  delta(id: string, seq: number, changes: object): void {
    this.frame({ type: 'delta', id, seq, changes });
  }

  drop(code = 1006): void {
    this.onclose?.({ code });
  }

  subscribes(): Sent[] {
    return this.sent.filter((frame) => frame.type === 'subscribe');
  }
}

export const open = (): WebSocket => new Wire() as unknown as WebSocket;

/** The browser's window, as far as the socket listens to it. */
export const page = new EventTarget();

/** Of a screen of 60 Hz. */
const FRAME_MS = 16;

export function useClock(): void {
  vi.useFakeTimers();
  vi.setSystemTime(1_800_000_000_000);
  Wire.all = [];
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, FRAME_MS));
  vi.stubGlobal('cancelAnimationFrame', clearTimeout);
}
