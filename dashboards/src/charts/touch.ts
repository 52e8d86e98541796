/** Fingers on a chart: one reads values along it, two choose a part of it to zoom to. The mouse is the plot's own. */
import type uPlot from 'uplot';

/** Fingers nearer to each other have not chosen anything. */
const LEAST_APART_PX = 24;

interface Does {
  /** Asked for the values at a place of the x axis. */
  read: (x: number) => void;
  zoom: (from: number, to: number) => void;
}

/** The plot's own elements go with it, and these listeners with them. */
export function followTouch(plot: uPlot, { read, zoom }: Does): void {
  const { over } = plot;
  const fingers = new Map<number, number>();
  const at = (left: number): number => plot.posToVal(left, 'x');
  const leftOf = (event: PointerEvent): number => Math.max(0, Math.min(over.clientWidth, event.clientX - over.getBoundingClientRect().left));
  const chosen = (): [left: number, right: number] | undefined => {
    const [one, other, third] = fingers.values();
    if (one === undefined || other === undefined || third !== undefined || Math.abs(one - other) < LEAST_APART_PX) return undefined;
    return [Math.min(one, other), Math.max(one, other)];
  };
  const show = (): void => {
    const [left, right] = chosen() ?? [0, 0];
    plot.setSelect({ left, width: right - left, top: 0, height: right > left ? over.clientHeight : 0 }, false);
  };
  const move = (event: PointerEvent): void => {
    fingers.set(event.pointerId, leftOf(event));
    if (fingers.size === 1) read(at(leftOf(event)));
    else show();
  };
  over.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'touch') return;
    over.setPointerCapture(event.pointerId);
    move(event);
  });
  over.addEventListener('pointermove', (event) => {
    if (fingers.has(event.pointerId)) move(event);
  });
  const lift = (event: PointerEvent): void => {
    const part = event.type === 'pointerup' ? chosen() : undefined;
    if (!fingers.delete(event.pointerId)) return;
    if (part !== undefined) fingers.clear();
    show();
    if (part !== undefined) zoom(at(part[0]), at(part[1]));
  };
  over.addEventListener('pointerup', lift);
  over.addEventListener('pointercancel', lift);
}
