/** From the socket to the screen: one signal per subscription, written at the screen's pace, or not while paused. */
import { batch, signal } from '@preact/signals';
import type { ReadonlySignal, Signal } from '@preact/signals';
import { Pacer } from './pacer';
import { LiveSocket } from './socket';
import type { Link } from './socket';
import type { TopicName, TopicQuery, TopicStates } from './topics';

export type Live<T> =
  | { status: 'loading' }
  | { status: 'ready'; value: T }
  | { status: 'error'; message: string };

export interface Topic<T> {
  value: ReadonlySignal<Live<T>>;
  retry: () => void;
  close: () => void;
}

/** The screen is held still; what came in since is counted, kept, and shown on resuming. */
export interface Pause {
  sinceMs: number;
  updates: number;
}

export class LiveStore {
  readonly link: Signal<Link> = signal<Link>({ phase: 'connecting', attempt: 0 });
  readonly pause: Signal<Pause | undefined> = signal(undefined);
  private readonly waiting = new Map<Signal<Live<unknown>>, Live<unknown>>();
  private readonly pacer = new Pacer(() => this.flush());
  private readonly socket: LiveSocket;

  constructor(url: string, token?: string) {
    this.socket = new LiveSocket({
      url,
      ...(token === undefined ? {} : { token }),
      onLink: (link) => (this.link.value = link),
    });
  }

  topic<N extends TopicName>(name: N, query: TopicQuery): Topic<TopicStates[N]> {
    const value = signal<Live<TopicStates[N]>>({ status: 'loading' });
    const target = value as Signal<Live<unknown>>;
    const subscription = this.socket.subscribe(name, query, {
      // The one place where a frame's state becomes a topic's type: the server's schema vouches for it.
      state: (state) => this.show(target, { status: 'ready', value: state as unknown as TopicStates[N] }),
      error: (_code, message) => this.show(target, { status: 'error', message }),
    });
    return {
      value,
      retry: () => {
        this.show(target, { status: 'loading' });
        subscription.retry();
      },
      close: () => {
        this.waiting.delete(target);
        subscription.close();
      },
    };
  }

  togglePause(): void {
    if (this.pause.value === undefined) {
      this.pause.value = { sinceMs: Date.now(), updates: 0 };
      return;
    }
    this.pause.value = undefined;
    this.flush();
  }

  retryNow(): void {
    this.socket.retryNow();
  }

  close(): void {
    this.pacer.stop();
    this.socket.close();
  }

  private show(target: Signal<Live<unknown>>, value: Live<unknown>): void {
    this.waiting.set(target, value);
    const pause = this.pause.value;
    // A panel that has nothing yet is filled even while paused: there is nothing to hold still.
    if (pause !== undefined && target.value.status === 'ready') {
      this.pause.value = { ...pause, updates: pause.updates + 1 };
      return;
    }
    this.pacer.mark();
  }

  private flush(): void {
    const paused = this.pause.value !== undefined;
    batch(() => {
      for (const [target, value] of this.waiting) {
        if (paused && target.value.status === 'ready') continue;
        target.value = value;
        this.waiting.delete(target);
      }
    });
  }
}
