/**
 * uPlot inside Preact. New configuration makes a new plot, new data goes to `setData`, a new size to `setSize`; one
 * never causes another. The plot itself is a picture: position, values and words for it are ours.
 */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { shade } from '../ui/theme';
import { movedByKey } from './keys';
import type { Column } from './series';

export interface PlotConfig {
  scales: uPlot.Scales;
  axes: uPlot.Axis[];
  series: uPlot.Series[];
  hooks?: uPlot.Hooks.Arrays;
  padding?: uPlot.Padding;
}

export interface LegendItem {
  label: string;
  /** The series' token, and whether its line is dashed: the legend draws the same. */
  color: string;
  dashed?: boolean;
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
}

export function Plot({ label, configure, data, legend, place, restIndex }: Props): JSX.Element {
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
  const look = shade.value;
  const config = useMemo(configure, [look, configure]);

  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const made = new uPlot(options(config, element, (at) => isPinned.current || hover(at)), latest.current, element);
    plot.current = made;
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
  const length = places.length;
  const index = Math.min(pinned === undefined ? (hovered ?? restIndex) : indexAt(places, pinned), length - 1);
  const values = legend.map((item) => `${item.label} ${index < 0 ? '–' : item.value(index)}`);
  const letGo = (): void => {
    pin(undefined);
    hover(undefined);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
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
              <path d="M0 4h20" stroke="currentColor" stroke-width="3" stroke-dasharray={item.dashed === true ? '6 3' : undefined} />
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
        aria-label={`${label}: use the arrow keys to read values`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, length - 1)}
        aria-valuenow={Math.max(0, index)}
        aria-valuetext={index < 0 ? 'no value' : `${place(index)}: ${values.join(', ')}`}
        onKeyDown={onKeyDown}
        onFocus={(event) => {
          // Held still from the start, so that a screen reader does not read out every second.
          if (event.currentTarget.matches(':focus-visible')) pin(places[index]);
        }}
        onBlur={letGo}
        onPointerEnter={letGo}
      />
    </figure>
  );
}

/** A place that has left the window on its way back in time becomes the window's beginning. */
const indexAt = (places: number[], x: number): number => Math.max(0, places.findLastIndex((place) => place <= x));

function showCursor(plot: uPlot | undefined, x: number | undefined): void {
  if (plot === undefined) return;
  const left = x === undefined ? -10 : Math.max(0, plot.valToPos(x, 'x'));
  plot.setCursor({ left, top: left < 0 ? -10 : 0 }, false);
}

function options(config: PlotConfig, element: HTMLElement, hover: (index: number | undefined) => unknown): uPlot.Options {
  return {
    padding: [8, 0, 0, 0],
    ...config,
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 7 } },
    hooks: {
      ...config.hooks,
      setCursor: [(plot) => hover(plot.cursor.left !== undefined && plot.cursor.left >= 0 ? (plot.cursor.idx ?? undefined) : undefined)],
    },
  };
}
