/** Engagement as two layers, viewers and what they played more than once, and as its table twin. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useCallback, useMemo } from 'preact/hooks';
import { Plot } from '../charts/Plot';
import type { LegendItem, PlotConfig } from '../charts/Plot';
import { token } from '../charts/colors';
import { engagementRows, summariseEngagement } from '../charts/engagement';
import type { Engagement } from '../charts/engagement';
import { count, countInFull, oneDecimal, position, ratio, share } from '../charts/format';
import { X_AXIS_SIZE, axis, fromZero, stepped } from '../charts/parts';
import type { Column } from '../charts/series';
import { COUNT_STEPS } from '../charts/steps';
import { MomentsStrip, MomentsTable } from './MomentsStrip';

const POSITION_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200];

export const SCALES = ['viewers', 'share'] as const;
export type Scale = (typeof SCALES)[number];

/** A part of the video, ms. */
export type Stretch = [fromMs: number, toMs: number];

interface Props {
  data: Engagement;
  /** The same video in an earlier timeframe: its viewers are a line. */
  before?: Engagement | undefined;
  scale?: Scale;
  stretch?: Stretch | undefined;
  crosshair?: Signal<number | undefined>;
  onZoom?: (fromS: number, toS: number) => void;
}

export function EngagementChart({ data, before, scale = 'viewers', stretch, crosshair, onZoom }: Props): JSX.Element {
  const shown = useMemo(() => cut(data, stretch), [data, stretch?.join()]);
  const earlier = useMemo(() => before && cut(before, stretch), [before, stretch?.join()]);
  const columns = useMemo(() => columnsOf(shown, earlier, scale), [shown, earlier, scale]);
  const configure = useCallback(() => configuration(scale, earlier !== undefined), [scale, earlier !== undefined]);
  const { first, engagement: { viewers, plays, bucketMs } } = shown;
  const of = (column: number[], i: number): number => column[i] ?? 0;
  const highest = plays.reduce((best, value, i) => (value > (plays[best] ?? 0) ? i : best), 0);
  const legend: LegendItem[] = [
    { label: 'Viewers', color: 'series-1', value: (i) => `${countInFull(of(viewers, i))} (${ratio(share(of(viewers, i), data.totalViews))})` },
    { label: 'Replays', color: 'series-2', value: (i) => countInFull(Math.max(0, of(plays, i) - of(viewers, i))) },
  ];
  if (before !== undefined && earlier !== undefined) {
    const then = (i: number): number => earlier.engagement.viewers[i] ?? 0;
    legend.push({ label: 'Viewers before', color: 'text-2', dashed: true, value: (i) => `${countInFull(then(i))} (${ratio(share(then(i), before.totalViews))})` });
  }
  return (
    <>
      <Plot
        label="Engagement over the video" configure={configure} data={columns} restIndex={highest} legend={legend}
        place={(i) => position((first + i) * bucketMs)} {...(crosshair === undefined ? {} : { crosshair })} {...(onZoom === undefined ? {} : { onZoom })}
      />
      {stretch === undefined && <MomentsStrip moments={data.moments} lengthMs={data.plays.length * data.bucketMs} />}
      <p class="summary">{summariseEngagement(data)}</p>
    </>
  );
}

interface Cut {
  /** The number of the first bucket that is shown. */
  first: number;
  engagement: Engagement;
}

function cut(data: Engagement, stretch: Stretch | undefined): Cut {
  if (stretch === undefined) return { first: 0, engagement: data };
  const first = Math.max(0, Math.min(data.plays.length - 2, Math.floor(stretch[0] / data.bucketMs)));
  const end = Math.max(first + 2, Math.ceil(stretch[1] / data.bucketMs));
  return { first, engagement: { ...data, viewers: data.viewers.slice(first, end), plays: data.plays.slice(first, end) } };
}

/** A step is drawn up to the next place: the end of the video closes the last one. */
function columnsOf({ first, engagement: data }: Cut, before: Cut | undefined, scale: Scale): [number[], ...Column[]] {
  const seconds = data.bucketMs / 1_000;
  const closed = (column: number[], whole: number): number[] => (column.length === 0 ? [] : [...column, column.at(-1) ?? 0].map((n) => (scale === 'share' ? n / whole : n)));
  const viewers = closed(data.viewers, data.totalViews);
  const plays = closed(data.plays, data.totalViews).map((value, i) => Math.max(value, viewers[i] ?? 0));
  const columns: [number[], ...Column[]] = [plays.map((_, i) => (first + i) * seconds), plays, viewers];
  if (before === undefined) return columns;
  const then = closed(before.engagement.viewers, Math.max(1, before.engagement.totalViews));
  return [...columns, plays.map((_, i) => then[i] ?? null)];
}

function configuration(scale: Scale, compared: boolean): PlotConfig {
  const paths = stepped === undefined ? {} : { paths: stepped };
  const layer = (color: string) => ({ stroke: token(color), fill: token(`${color}-solid`), width: 1.5, points: { show: false }, ...paths });
  const counts = scale === 'viewers';
  return {
    // The last label stands under the video's end, and half of it beyond.
    padding: [8, 20, 0, 0],
    steps: true,
    scales: { x: { time: false }, y: { range: fromZero(counts ? 4 : 1) } },
    axes: [
      axis({ size: X_AXIS_SIZE, values: (_plot, splits) => splits.map((s) => position(s * 1_000)), incrs: POSITION_STEPS, space: 60, grid: { show: false } }),
      axis({ size: 52, space: 44, ...(counts ? { incrs: COUNT_STEPS } : {}), values: (_plot, splits) => splits.map((n) => (counts ? count(n) : `${Math.round(n * 100)}%`)) }),
    ],
    // The whole first, then the viewers over it: what stays visible of the first are the replays.
    series: [{}, layer('series-2'), layer('series-1'), ...(compared ? [{ stroke: token('text-1'), width: 1.5, dash: [5, 4], points: { show: false }, ...paths }] : [])],
  };
}

export function EngagementTable({ data }: { data: Engagement }): JSX.Element {
  return (
    <>
      <StretchTable data={data} />
      <MomentsTable moments={data.moments} />
    </>
  );
}

function StretchTable({ data }: { data: Engagement }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Engagement by stretch of the video">
      <table>
        <thead>
          <tr><th scope="col">Stretch</th><th scope="col" class="num">Viewers, mean</th><th scope="col" class="num">Of all views</th><th scope="col" class="num">Replays, mean</th></tr>
        </thead>
        <tbody>
          {engagementRows(data).map((row) => (
            <tr key={row.fromMs}>
              <th scope="row">{position(row.fromMs)} to {position(row.toMs)}</th>
              <td class="num">{oneDecimal(row.viewers)}</td>
              <td class="num">{ratio(share(row.viewers, data.totalViews))}</td>
              <td class="num">{oneDecimal(row.replays)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
