/**
 * uPlot inside Preact. New configuration makes a new plot, new data goes to `setData`, a new size to `setSize`; one
 * never causes another. The plot itself is a picture: position, values and words for it are ours.
 */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { look } from '../ui/theme';
import { movedByKey, zoomedByKey } from './keys';
import type { Column } from './series';
import { followTouch } from './touch';

export interface PlotConfig {
  scales: uPlot.Scales;
  axes: uPlot.Axis[];
  series: uPlot.Series[];
  hooks?: uPlot.Hooks.Arrays;
  padding?: uPlot.Padding;
  /** In which zone a time axis finds its midnights. */
  tzDate?: uPlot.LocalDateFromUnix;
  /** A value holds from its place up to the next; the last place only ends the last step. */
  steps?: boolean;
}

export interface LegendItem {
  label: string;
  /** The series' token, and whether its line is dashed, and how: the legend draws the same. */
  color: string;
  dashed?: boolean | number[];
  value: (index: number) => string;
}

interface Props {
  /** What is measured, for people who do not see it. */
  label: string;
  /** Called again when the theme changes, since colours are read from the tokens. */
  configure: () => PlotConfig;
  data: [number[], ...Column[]];
  legend: LegendItem[];
  /** The place on the x axis, in words. */
  place: (index: number) => string;
  /** The index whose values the legend shows while nobody points: the last known one, or the highest. */
  restIndex: number;
  /** Shares the place that is pointed at with all plots of the same group. */
  crosshair?: Signal<number | undefined> | undefined;
  /** Asked for a part of the x axis, drawn by the pointer or by the keys + and −. */
  onZoom?: ((from: number, to: number) => void) | undefined;
  /** Asked to note something at a place, by a double click, two taps or the key n. */
  onNote?: ((x: number) => void) | undefined;
}

/** Less than this is a click that slipped. */
const LEAST_DRAG_PX = 8;

export function Plot({ label, configure, data, legend, place, restIndex, crosshair, onZoom, onNote }: Props): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(data);
  latest.current = data;
  // The pointer stays at a place on the screen while the window moves under it; the keyboard stays at its time.
  const [hovered, hover] = useState<number | undefined>(undefined);
  const [pinned, pin] = useState<number | undefined>(undefined);
  // The plot tells of its cursor whenever it draws anew, also of the one that only shows the pinned place.
  const isPinned = useRef(false);
  isPinned.current = pinned !== undefined;
  // And of one that shows where another plot is pointed at.
  const isOver = useRef(false);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const config = useMemo(configure, [look.value, configure]);

  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const made = new uPlot(options(config, element, (at) => isOver.current && !isPinned.current && hover(at), zoom), latest.current, element);
    plot.current = made;
    followTouch(made, {
      read: (x) => {
        // Whoever touches something else lets go.
        element.focus({ preventScroll: true });
        const [places] = latest.current;
        pin(places[indexAt(places, x)]);
      },
      zoom: (from, to) => zoom.current?.(from, to),
    });
    const sizes = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: element.clientHeight }));
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      made.destroy();
    };
  }, [config]);
  useEffect(() => plot.current?.setData(data), [data]);
  useEffect(() => {
    if (pinned !== undefined) showCursor(plot.current, pinned);
  }, [data, config, pinned]);
  // Let go of once, not with each new data: the pointer may have the cursor by then.
  useEffect(() => (pinned === undefined ? undefined : () => showCursor(plot.current, undefined)), [pinned]);

  const [places] = data;
  const length = Math.max(0, places.length - (config.steps === true ? 1 : 0));
  const own = pinned === undefined ? hovered : indexAt(places, pinned);
  const shared = useShared(crosshair, own === undefined ? undefined : places[own], plot);
  const index = Math.min(own ?? (shared === undefined ? restIndex : indexAt(places, shared)), length - 1);
  const values = legend.map((item) => `${item.label} ${index < 0 ? '–' : item.value(index)}`);
  const letGo = (): void => {
    pin(undefined);
    hover(undefined);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const range = zoomedByKey(event.key, places, index);
    if (range !== undefined && onZoom !== undefined) { onZoom(...range); return; }
    if (event.key === 'n' && onNote !== undefined && index >= 0) {
      event.preventDefault();
      onNote(places[index] ?? 0);
      return;
    }
    const next = movedByKey(event.key, index, length);
    if (next === undefined) return;
    event.preventDefault();
    if (next.index === undefined) letGo();
    else pin(places[next.index]);
  };
  return (
    <figure class="plot">
      <figcaption class="legend">
        <span class="legend-place">{index < 0 ? '–' : place(index)}</span>
        {legend.map((item) => (
          <span class="legend-item" key={item.label}>
            <svg class="legend-key" data-color={item.color} viewBox="0 0 20 8" width="20" height="8" aria-hidden="true">
              <path d="M0 4h20" stroke="currentColor" stroke-width="3" stroke-dasharray={item.dashed === true ? '6 3' : item.dashed === undefined || item.dashed === false ? undefined : item.dashed.join(' ')} />
            </svg>
            <span class="legend-label">{item.label}</span>
            <span class="legend-value">{index < 0 ? '–' : item.value(index)}</span>
          </span>
        ))}
      </figcaption>
      <div
        class="plot-canvas"
        ref={host}
        tabIndex={0}
        role="slider"
        aria-label={`${label}: use the arrow keys to read values${onZoom === undefined ? '' : ', + and − to zoom'}${onNote === undefined ? '' : ', n to note'}`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, length - 1)}
        aria-valuenow={Math.max(0, index)}
        aria-valuetext={index < 0 ? 'no value' : `${place(index)}: ${values.join(', ')}`}
        onKeyDown={onKeyDown}
        onDblClick={() => {
          const left = plot.current?.cursor.left ?? -1;
          if (onNote !== undefined && left >= 0) onNote(plot.current?.posToVal(left, 'x') ?? 0);
        }}
        onFocus={(event) => {
          // Held still from the start, so that a screen reader does not read out every second.
          if (event.currentTarget.matches(':focus-visible')) pin(places[index]);
        }}
        onBlur={letGo}
        onPointerEnter={() => {
          isOver.current = true;
          letGo();
        }}
        onPointerLeave={() => {
          isOver.current = false;
          hover(undefined);
        }}
      />
    </figure>
  );
}

/** Tells the group of the own place, and shows a place another plot of it tells of. */
function useShared(crosshair: Props['crosshair'], own: number | undefined, plot: { current: uPlot | undefined }): number | undefined {
  const told = useRef(false);
  useEffect(() => {
    if (crosshair === undefined || (own === undefined && !told.current)) return;
    told.current = own !== undefined;
    crosshair.value = own;
  }, [crosshair, own]);
  const others = own === undefined ? crosshair?.value : undefined;
  useEffect(() => {
    if (others === undefined) return undefined;
    showCursor(plot.current, others);
    return () => showCursor(plot.current, undefined);
  }, [others]);
  return others;
}

/** A place that has left the window on its way back in time becomes the window's beginning. */
const indexAt = (places: number[], x: number): number => Math.max(0, places.findLastIndex((place) => place <= x));

function showCursor(plot: uPlot | undefined, x: number | undefined): void {
  if (plot === undefined) return;
  const left = x === undefined ? -10 : Math.max(0, plot.valToPos(x, 'x'));
  plot.setCursor({ left, top: left < 0 ? -10 : 0 }, false);
}

interface Zoom {
  current: Props['onZoom'];
}

function options(config: PlotConfig, element: HTMLElement, hover: (index: number | undefined) => unknown, zoom: Zoom): uPlot.Options {
  const canZoom = zoom.current !== undefined;
  // Of a step its whole width is pointed at, not only what is nearer to its place than to the next.
  const stepAt = (plot: uPlot, x: number): number => indexAt(plot.data[0] as number[], x);
  const pointed = (plot: uPlot): number | undefined => {
    const { left = -1, idx } = plot.cursor;
    if (left < 0) return undefined;
    return config.steps === true ? stepAt(plot, plot.posToVal(left, 'x')) : (idx ?? undefined);
  };
  return {
    padding: [8, 0, 0, 0],
    ...config,
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { y: false, ...(config.steps === true ? { dataIdx: (plot: uPlot, _series: number, _nearest: number, x: number) => stepAt(plot, x) } : {}), drag: { x: canZoom, y: false, setScale: false, dist: LEAST_DRAG_PX }, points: { size: 7 } },
    hooks: {
      ...config.hooks,
      setCursor: [(plot) => hover(pointed(plot))],
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < LEAST_DRAG_PX) return;
        plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        zoom.current?.(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
      }],
    },
  };
}
