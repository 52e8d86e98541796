/** Engagement drawn in two layers: an area of distinct viewers, and on top of it what was played again. */
import type { JSX } from 'preact';
import { useCallback, useMemo } from 'preact/hooks';
import { Plot } from '../charts/Plot';
import type { PlotConfig } from '../charts/Plot';
import { token } from '../charts/colors';
import { summariseEngagement, engagementRows } from '../charts/engagement';
import type { Engagement } from '../charts/engagement';
import { count, countInFull, oneDecimal, position, ratio, share } from '../charts/format';
import { COUNT_STEPS, X_AXIS_SIZE, axis, fromZero, stepped } from '../charts/parts';
import { MomentsStrip, MomentsTable } from './MomentsStrip';

const POSITION_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200];

export function EngagementChart({ data }: { data: Engagement }): JSX.Element {
  const columns = useMemo(() => columnsOf(data), [data]);
  const configure = useCallback(configuration, []);
  const bucket = (i: number): number => Math.min(i, data.plays.length - 1);
  const viewers = (i: number): number => data.viewers[bucket(i)] ?? 0;
  const plays = (i: number): number => data.plays[bucket(i)] ?? 0;
  const highest = data.plays.reduce((best, value, i) => (value > (data.plays[best] ?? 0) ? i : best), 0);
  return (
    <>
      <Plot
        label="Engagement over the video" configure={configure} data={columns} restIndex={highest}
        place={(i) => position(bucket(i) * data.bucketMs)}
        legend={[
          { label: 'Viewers', color: 'series-1', value: (i) => `${countInFull(viewers(i))} (${ratio(share(viewers(i), data.totalViews))})` },
          { label: 'Replays', color: 'series-2', value: (i) => countInFull(Math.max(0, plays(i) - viewers(i))) },
        ]}
      />
      <MomentsStrip moments={data.moments} lengthMs={data.plays.length * data.bucketMs} />
      <p class="summary">{summariseEngagement(data)}</p>
    </>
  );
}

/** A step is drawn up to the next place: the end of the video closes the last one. */
function columnsOf(data: Engagement): [number[], number[], number[]] {
  const seconds = data.bucketMs / 1_000;
  const closed = (column: number[]): number[] => (column.length === 0 ? [] : [...column, column.at(-1) ?? 0]);
  const viewers = closed(data.viewers);
  const plays = closed(data.plays).map((value, i) => Math.max(value, viewers[i] ?? 0));
  return [plays.map((_, i) => i * seconds), plays, viewers];
}

function configuration(): PlotConfig {
  const layer = (color: string) => ({
    stroke: token(color),
    fill: token(`${color}-solid`),
    width: 1.5,
    points: { show: false },
    ...(stepped === undefined ? {} : { paths: stepped }),
  });
  return {
    // The last label stands under the video's end, and half of it beyond.
    padding: [8, 20, 0, 0],
    scales: { x: { time: false }, y: { range: fromZero(4) } },
    axes: [
      axis({ size: X_AXIS_SIZE, values: (_plot, splits) => splits.map((s) => position(s * 1_000)), incrs: POSITION_STEPS, space: 60, grid: { show: false } }),
      axis({ size: 52, space: 44, incrs: COUNT_STEPS, values: (_plot, splits) => splits.map(count) }),
    ],
    // The whole first, then the viewers over it: what stays visible of the first are the replays.
    series: [{}, layer('series-2'), layer('series-1')],
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
