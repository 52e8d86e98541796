/** One view on one time axis: its states, playhead, renditions and troubles; read by pointing or with the arrow keys. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { movedByKey } from '../charts/keys';
import { DASH, bitrateText, duration, position, positionExact } from '../charts/format';
import { Panel } from '../ui/Panel';
import type { Cell } from '../ui/export';
import { COURSE_STATES, readAt, stopsOf, sumsOf } from '../views/course';
import type { Course, CourseState, Reading, Rendition } from '../views/course';
import { atX, lanesFor, lengthOf, xOf } from '../views/layout';
import { STATE_WORDS, StateKey, TimelinePicture } from './TimelinePicture';

interface Props {
  course: Course;
  isLive: boolean;
  menu: JSX.Element;
}

/** The states one after the other, as the band shows them. */
export const courseCells = ({ spans }: Course): Cell[][] => [['from_ms', 'to_ms', 'state'], ...spans.map(({ fromMs, toMs, state }) => [fromMs, toMs, state])];

/** As near as this many pixels counts as pointing at a marker. */
const NEAR_PX = 6;

export function ViewTimeline({ course, isLive, menu }: Props): JSX.Element {
  const note = isLive ? 'Grows as events come; times are the player’s own' : 'Times are the player’s own, from the view’s first event';
  return (
    <Panel id="timeline" title="Timeline" note={note} class="panel-timeline" actions={menu}>
      {course.spans.length === 0 && course.points.length < 2
        ? <div class="state" data-state="empty"><p class="state-title">One moment is all that is known; there is no course to draw.</p></div>
        : <Timeline course={course} />}
    </Panel>
  );
}

function Timeline({ course }: { course: Course }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  // The pointer stays at a place on the screen, the keyboard at its time, while a running view grows.
  const [hoveredX, hover] = useState<number | undefined>(undefined);
  const [pinnedMs, pin] = useState<number | undefined>(undefined);
  const lengthMs = lengthOf(course);
  const lanes = lanesFor(width, course.renditions.length > 0);
  const pointedMs = pinnedMs ?? (hoveredX === undefined ? undefined : atX(lanes, lengthMs, hoveredX));
  const perPixelMs = lengthMs / Math.max(1, width - lanes.left - lanes.right);
  const reading = readAt(course, pointedMs ?? course.endMs, pinnedMs === undefined ? NEAR_PX * perPixelMs : 0);
  const letGo = (): void => {
    pin(undefined);
    hover(undefined);
  };
  const point = (event: PointerEvent): void => {
    pin(undefined);
    hover(event.clientX - (host.current?.getBoundingClientRect().left ?? 0));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const stops = stopsOf(course);
    const next = movedByKey(event.key, stops.findLastIndex((stop) => stop <= reading.atMs), stops.length);
    if (next === undefined) return;
    event.preventDefault();
    if (next.index === undefined) letGo();
    else pin(stops[next.index]);
  };
  return (
    <figure class="timeline">
      <figcaption class="legend" id="reading"><ReadingWords reading={reading} /></figcaption>
      <div
        class="timeline-host" ref={host} tabIndex={0} role="slider" aria-label="Timeline: use the arrow keys to go from event to event"
        aria-valuemin={0} aria-valuemax={course.endMs} aria-valuenow={reading.atMs} aria-valuetext={inWords(reading)}
        style={{ blockSize: `${lanes.height}px` }}
        onKeyDown={onKeyDown}
        onFocus={(event) => {
          if (event.currentTarget.matches(':focus-visible')) pin(reading.atMs);
        }}
        onBlur={letGo}
        onPointerDown={point}
        onPointerMove={point}
        onPointerLeave={() => hover(undefined)}
      >
        {width > 0 && <TimelinePicture course={course} lanes={lanes} cursorX={pointedMs === undefined ? undefined : xOf(lanes, lengthMs, pointedMs)} />}
      </div>
      <Sums course={course} />
    </figure>
  );
}

function useWidth(host: { current: HTMLDivElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    setWidth(element.clientWidth);
    const sizes = new ResizeObserver(() => setWidth(element.clientWidth));
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);
  return width;
}

const renditionWords = (rendition: Rendition | undefined): string =>
  rendition === undefined ? DASH : [rendition.height > 0 ? `${rendition.height}p` : '', rendition.bitrate > 0 ? bitrateText(rendition.bitrate) : ''].filter((part) => part !== '').join(', ');

const markerWords = ({ markers }: Reading): string =>
  markers.map(({ kind, label }) => (kind === 'custom' ? label : `${kind === 'fatal' ? 'fatal error' : 'warning'} ${label}`.trim())).join(', ');

function ReadingWords({ reading }: { reading: Reading }): JSX.Element {
  const marks = markerWords(reading);
  return (
    <>
      <span class="legend-place reading-place">{positionExact(reading.atMs)}</span>
      <Item label="State" value={STATE_WORDS[reading.state]} wide />
      <Item label="Playhead" value={position(reading.playheadMs)} />
      <Item label="Rendition" value={renditionWords(reading.rendition)} wide />
      {marks !== '' && <Item label="Here" value={marks} />}
    </>
  );
}

function Item({ label, value, wide = false }: { label: string; value: string; wide?: boolean }): JSX.Element {
  return <span class="legend-item"><span class="legend-label">{label}</span><span class={wide ? 'legend-value reading-wide' : 'legend-value'}>{value}</span></span>;
}

function inWords(reading: Reading): string {
  const parts = [STATE_WORDS[reading.state], `playhead ${position(reading.playheadMs)}`];
  if (reading.rendition !== undefined) parts.push(renditionWords(reading.rendition));
  const marks = markerWords(reading);
  return `${positionExact(reading.atMs)}: ${parts.join(', ')}${marks === '' ? '' : `, ${marks}`}`;
}

/** The legend is the sum: how long each state was, and how often. */
function Sums({ course }: { course: Course }): JSX.Element {
  const sums = sumsOf(course.spans);
  const shown = COURSE_STATES.filter((state: CourseState) => sums.has(state));
  return (
    <ul class="sums" aria-label="Time in each state">
      {shown.map((state) => {
        const sum = sums.get(state);
        return (
          <li key={state} data-state={state}>
            <StateKey state={state} />
            <span>{STATE_WORDS[state]}</span> <strong>{duration(sum?.ms)}</strong>
            {(sum?.times ?? 0) > 1 && <span class="note">in {sum?.times} stretches</span>}
          </li>
        );
      })}
    </ul>
  );
}
