/** The timeline's drawing. Every state has a pattern and a height of its own, so that none depends on its colour. */
import type { JSX } from 'preact';
import { position } from '../charts/format';
import type { Course, CourseState, Marker, Span } from '../views/course';
import { lengthOf, playheadRange, rungs, ticks, xOf } from '../views/layout';
import type { Lanes } from '../views/layout';

export const STATE_WORDS: Record<CourseState, string> = {
  idle: 'Before play',
  starting: 'Starting',
  playing: 'Playing',
  paused: 'Paused',
  seeking: 'Seeking',
  rebuffering: 'Rebuffering',
  failed: 'After the error',
  ended: 'After the end',
  unknown: 'Not known',
};

interface Props {
  course: Course;
  lanes: Lanes;
  cursorX: number | undefined;
}

export function TimelinePicture({ course, lanes, cursorX }: Props): JSX.Element {
  const lengthMs = lengthOf(course);
  const x = (atMs: number): number => xOf(lanes, lengthMs, atMs);
  return (
    <svg class="timeline-picture" width={lanes.width} height={lanes.height} aria-hidden="true">
      <Patterns />
      {ticks(lanes, lengthMs).map((atMs) => (
        <g key={atMs}>
          <path class="tick" d={`M${x(atMs).toFixed(1)} ${lanes.band.top}V${lanes.axisTop}`} />
          <text class="tick-label" x={x(atMs)} y={lanes.axisTop + 15} text-anchor="middle">{position(atMs)}</text>
        </g>
      ))}
      <Band spans={course.spans} lanes={lanes} x={x} />
      <PlayheadCurve course={course} lanes={lanes} x={x} />
      {course.renditions.length > 0 && <Ladder course={course} lanes={lanes} x={x} />}
      {course.markers.map((marker, i) => <Mark key={i} marker={marker} lanes={lanes} x={x(marker.atMs)} />)}
      {cursorX !== undefined && <path class="timeline-cursor" d={`M${cursorX.toFixed(1)} ${lanes.marks.top}V${lanes.axisTop}`} />}
    </svg>
  );
}

interface PartProps {
  lanes: Lanes;
  x: (atMs: number) => number;
}

/** Stalls and seeks are drawn last and never thinner than this: they are what one looks for. */
const LEAST_PX = 3;
const SHORT: ReadonlySet<CourseState> = new Set(['seeking', 'rebuffering']);
const LABEL_PX = 64;

function Band({ spans, lanes, x }: PartProps & { spans: Span[] }): JSX.Element {
  const { top, height } = lanes.band;
  const ordered = [...spans.filter(({ state }) => !SHORT.has(state)), ...spans.filter(({ state }) => SHORT.has(state))];
  return (
    <g>
      <text class="lane-label" x={0} y={top + height / 2 + 4}>State</text>
      {ordered.map(({ fromMs, toMs, state }) => {
        const left = x(fromMs);
        const width = Math.max(SHORT.has(state) ? LEAST_PX : 0.5, x(toMs) - left);
        return (
          <g key={fromMs}>
            <Shape state={state} x={left} top={top} width={width} height={height} />
            {(state === 'playing' || state === 'paused') && width > LABEL_PX && (
              <text class={`band-label band-label-${state}`} x={left + width / 2} y={top + height / 2 + 4} text-anchor="middle">{STATE_WORDS[state]}</text>
            )}
          </g>
        );
      })}
    </g>
  );
}

interface ShapeProps {
  state: CourseState;
  x: number;
  top: number;
  width: number;
  height: number;
}

/** The rest has a plain colour from the style sheet. */
const PATTERNED: ReadonlySet<CourseState> = new Set(['starting', 'seeking', 'rebuffering', 'failed', 'unknown']);
/** How far a stall stands out of the band, above and below. */
const OUT = 5;

function Shape({ state, x, top, width, height }: ShapeProps): JSX.Element {
  const box = boxOf(state, top, height);
  const fill = PATTERNED.has(state) ? { fill: `url(#course-${state})` } : {};
  return <rect class="course" data-course={state} x={x} y={box.top} width={width} height={box.height} {...fill} />;
}

function boxOf(state: CourseState, top: number, height: number): { top: number; height: number } {
  switch (state) {
    case 'rebuffering':
      return { top: top - OUT, height: height + 2 * OUT };
    case 'paused':
      return { top: top + height * 0.25, height: height * 0.5 };
    case 'idle':
    case 'ended':
      return { top: top + height - 4, height: 4 };
    default:
      return { top, height };
  }
}

export function StateKey({ state }: { state: CourseState }): JSX.Element {
  return <svg class="state-key" viewBox="0 0 24 18" width="24" height="18" aria-hidden="true"><Shape state={state} x={1} top={4} width={22} height={10} /></svg>;
}

/** Patterns repeat in the page's own pixels; the keys of the legend use those of the picture. */
function Patterns(): JSX.Element {
  const pattern = (id: string, size: number, back: string, d: string, stroke: string, width: number): JSX.Element => (
    <pattern id={`course-${id}`} width={size} height={size} patternUnits="userSpaceOnUse">
      <rect class={back} width={size} height={size} />
      <path class={stroke} d={d} stroke-width={width} fill="none" />
    </pattern>
  );
  return (
    <defs>
      {pattern('starting', 8, 'fill-raised', 'M-2 2l4-4M0 8l8-8M6 10l4-4', 'stroke-2', 1.5)}
      {pattern('seeking', 6, 'fill-surface', 'M1 0v6M4 0v6', 'stroke-1', 1.5)}
      {pattern('rebuffering', 6, 'fill-warn', 'M0 3h6', 'stroke-surface', 2)}
      {pattern('failed', 8, 'fill-bad-surface', 'M0 0l8 8M8 0l-8 8', 'stroke-bad', 1.5)}
      {pattern('unknown', 8, 'fill-surface', 'M-2 6l4 4M0 0l8 8M6 -2l4 4', 'stroke-hatch', 1)}
    </defs>
  );
}

function PlayheadCurve({ course, lanes, x }: PartProps & { course: Course }): JSX.Element {
  const [lowest, highest] = playheadRange(course);
  const { top, height } = lanes.playhead;
  const y = (ms: number): number => top + height - ((ms - lowest) / (highest - lowest)) * height;
  let played = '';
  let jumps = '';
  course.points.forEach(({ atMs, playheadMs, jumped }, i) => {
    const here = `${x(atMs).toFixed(1)} ${y(playheadMs).toFixed(1)}`;
    const before = course.points[i - 1];
    if (jumped && before !== undefined) jumps += `M${x(before.atMs).toFixed(1)} ${y(before.playheadMs).toFixed(1)}L${here}`;
    played += `${i === 0 || jumped ? 'M' : 'L'}${here}`;
  });
  return (
    <g>
      <text class="lane-label" x={0} y={top + height / 2 + 4}>Playhead</text>
      <text class="tick-label" x={lanes.left - 8} y={top + 10} text-anchor="end">{position(highest)}</text>
      <text class="tick-label" x={lanes.left - 8} y={top + height} text-anchor="end">{position(lowest)}</text>
      <path class="lane-floor" d={`M${lanes.left} ${top + height}H${lanes.width - lanes.right}`} />
      <path class="playhead-jump" d={jumps} />
      <path class="playhead-line" d={played} />
    </g>
  );
}

const RENDITION_LABEL_PX = 44;

function Ladder({ course, lanes, x }: PartProps & { course: Course }): JSX.Element {
  const { top, height } = lanes.rendition;
  const { of, count } = rungs(course.renditions);
  const y = (rung: number): number => top + height - 4 - (count > 1 ? (rung / (count - 1)) * (height - 22) : (height - 22) / 2);
  let line = '';
  for (const rendition of course.renditions) {
    const level = y(of(rendition)).toFixed(1);
    line += `${line === '' ? `M${x(rendition.fromMs).toFixed(1)} ${level}` : `V${level}`}H${x(rendition.toMs).toFixed(1)}`;
  }
  return (
    <g>
      <text class="lane-label" x={0} y={top + height / 2 + 4}>Rendition</text>
      <path class="rendition-line" d={line} />
      {course.renditions.filter(({ fromMs, toMs }) => x(toMs) - x(fromMs) > RENDITION_LABEL_PX).map((rendition) => (
        <text key={rendition.fromMs} class="tick-label" x={x(rendition.fromMs) + 4} y={y(of(rendition)) - 5}>{rungLabel(rendition.height, rendition.bitrate)}</text>
      ))}
    </g>
  );
}

const rungLabel = (height: number, bitrate: number): string => (height > 0 ? `${height}p` : `${(bitrate / 1_000_000).toFixed(1)}M`);

const MARKS: Record<Marker['kind'], string> = {
  fatal: 'M-3.5-8h7L8-3.500v7L3.500 8h-7L-8 3.500v-7ZM-5-1.500v3H5v-3Z',
  warning: 'M0-7 7.500 6.500H-7.500Z',
  custom: 'M0-7 7 0 0 7-7 0Z',
};

function Mark({ marker, lanes, x }: { marker: Marker; lanes: Lanes; x: number }): JSX.Element {
  const middle = lanes.marks.top + lanes.marks.height / 2;
  return (
    <g class="mark" data-mark={marker.kind}>
      <path d={`M${x.toFixed(1)} ${middle + 8}V${marker.kind === 'custom' ? lanes.band.top : lanes.axisTop}`} class="mark-line" />
      <path d={MARKS[marker.kind]} transform={`translate(${x.toFixed(1)} ${middle})`} class="mark-shape" fill-rule="evenodd" />
    </g>
  );
}
