/** Viewers and the share of them that waits, second by second; of all videos, or of one. */
import type { JSX } from 'preact';
import { useCallback, useMemo, useRef } from 'preact/hooks';
import { Plot } from '../charts/Plot';
import type { PlotConfig } from '../charts/Plot';
import { token } from '../charts/colors';
import { count, countInFull, plural, ratio, timeOfDay, timeOfDayShort, utc } from '../charts/format';
import { X_AXIS_SIZE, axis, fromZero, hatchGaps, uprights } from '../charts/parts';
import { COUNT_STEPS } from '../charts/steps';
import { latestSecond, liveColumns, minuteRows, summariseLive } from '../charts/series';
import type { LiveColumns } from '../charts/series';
import { describeLink } from '../live/status';
import type { Timeseries } from '../live/topics';
import { NotesStrip } from '../notes/NotesStrip';
import { notesWords } from '../notes/marks';
import { mayWrite, noteAt } from '../notes/notes';
import type { Note } from '../notes/note';
import { Choices, Panel, ShapeSwitch, panelShape } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import type { Asked } from '../ui/PanelMenu';
import type { Cell } from '../ui/export';
import { StateGate } from '../ui/StateGate';
import { useLive } from '../ui/hooks';
import type { Source } from '../ui/hooks';
import { now } from '../ui/ticker';

export const WINDOWS = ['5m', '15m', '60m'] as const;
export type Window = (typeof WINDOWS)[number];
export const DEFAULT_WINDOW: Window = '15m';
export const WINDOW_S: Record<Window, number> = { '5m': 300, '15m': 900, '60m': 3_600 };

const WINDOW_WORDS: Record<Window, string> = { '5m': '5 min', '15m': '15 min', '60m': '60 min' };
/** A second or two without a point is only the newest data being on its way. */
const HATCH_FROM = 3;
const AXIS_SIZE = 52;
/** The right axis does not blow two waiting viewers of a thousand up into a mountain. */
const LEAST_SHARE = 0.05;

interface Props {
  source: Source<Timeseries>;
  window: Window;
  title: string;
  /** Of the last hour and from then on. */
  notes: Note[];
  /** What is asked, here and of the figures above. */
  asked: Asked[];
}

export function ViewersChart({ source, window, title, notes, asked }: Props): JSX.Element {
  const { data } = source;
  return (
    <Panel
      id="viewers" title={title} class="panel-chart"
      actions={<>
        <Choices label="Window" param="window" options={WINDOWS} fallback={DEFAULT_WINDOW} words={WINDOW_WORDS} />
        <ShapeSwitch param="viewers" what="viewers" />
        <PanelMenu title={title} about={[WINDOW_WORDS[window]]} asked={asked} hasPicture={panelShape('viewers') === 'chart'} rows={data.status === 'ready' ? () => cells(data.value) : undefined} />
      </>}
    >
      <StateGate source={source} what="the viewers over time" isEmpty={(series) => latestSecond(series) === undefined}
        empty={<p class="state-title">Nothing is known about this time yet.</p>}>
        {(series) => panelShape('viewers') === 'table' ? <MinuteTable series={series} /> : <Chart series={series} window={window} all={notes} />}
      </StateGate>
    </Panel>
  );
}

/** A second that is not known is no row. */
const cells = ({ points }: Timeseries): Cell[][] => [
  ['second_utc', 'viewers', 'rebuffering', 'starts', 'failures', 'exits_before_start'],
  ...Object.entries(points).sort(([a], [b]) => Number(a) - Number(b)).map(([second, { viewers, rebuffering, starts, failures, exits }]) =>
    [utc(Number(second) * 1_000), viewers ?? null, rebuffering ?? null, starts ?? null, failures ?? null, exits ?? null]),
];

function Chart({ series, window, all }: { series: Timeseries; window: Window; all: Note[] }): JSX.Element {
  const endS = useWindowEnd();
  const columns = useMemo(() => liveColumns(series, WINDOW_S[window], endS), [series, window, endS]);
  const [fromS, toS] = [columns.time[0] ?? 0, columns.time.at(-1) ?? 0];
  const notes = all.filter(({ atMs }) => atMs >= fromS * 1_000 && atMs <= toS * 1_000);
  const drawn = useRef({ columns, notes });
  drawn.current = { columns, notes };
  const configure = useCallback(() => configuration(() => drawn.current), []);
  const data = useMemo<[number[], ...LiveColumns['viewers'][]]>(() => [columns.time, columns.viewers, columns.rebufferingShare], [columns]);
  const summary = useMemo(() => summariseLive(columns), [columns]);
  return (
    <>
      <Plot
        label="Viewers over time" configure={configure} data={data}
        onNote={mayWrite() ? (atS) => noteAt(atS * 1_000) : undefined}
        restIndex={columns.viewers.findLastIndex((value) => value !== null)}
        place={(i) => timeOfDay((columns.time[i] ?? 0) * 1_000)}
        legend={[
          { label: 'Viewers', color: 'series-1', value: (i) => countInFull(columns.viewers[i]) },
          { label: 'Rebuffering', color: 'series-2', dashed: true, value: (i) => `${ratio(columns.rebufferingShare[i])} (${countInFull(columns.rebuffering[i])})` },
        ]}
      />
      <NotesStrip notes={notes} fromS={fromS} toS={toS} insets={[AXIS_SIZE, AXIS_SIZE]} />
      <p class="summary">{summary}<span class="visually-hidden">{notesWords(notes)}</span></p>
    </>
  );
}

/** While the connection is away time goes on: the window moves, and what is not known is hatched. */
function useWindowEnd(): number | undefined {
  const live = useLive();
  const away = live.link.value.lostAtMs !== undefined && live.pause.value === undefined;
  if (!away) return undefined;
  const longAway = describeLink(live.link.value, undefined, now.value).banner !== undefined;
  return longAway ? Math.floor(now.value / 1_000) : undefined;
}

function configuration(drawn: () => { columns: LiveColumns; notes: Note[] }): PlotConfig {
  const viewers = token('series-1');
  const waiting = token('series-2');
  return {
    scales: {
      x: { time: true },
      y: { range: fromZero(4) },
      share: { range: fromZero(LEAST_SHARE) },
    },
    axes: [
      axis({ size: X_AXIS_SIZE, values: (_plot, splits) => splits.map((s) => timeOfDayShort(s * 1_000)), space: 80, grid: { show: false }, incrs: [60, 120, 300, 600] }),
      axis({ scale: 'y', size: AXIS_SIZE, space: 44, incrs: COUNT_STEPS, values: (_plot, splits) => splits.map(count) }),
      axis({ scale: 'share', side: 1, size: AXIS_SIZE, grid: { show: false }, stroke: waiting, values: (_plot, splits) => splits.map((s) => `${Math.round(s * 100)}%`), incrs: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5] }),
    ],
    series: [
      {},
      { scale: 'y', stroke: viewers, width: 2, fill: token('series-1-fill'), points: { show: false } },
      { scale: 'share', stroke: waiting, width: 2, dash: [6, 3], points: { show: false } },
    ],
    hooks: { drawClear: [hatchGaps(() => drawn().columns.viewers, HATCH_FROM)], draw: [uprights(() => drawn().notes.map(({ atMs }) => atMs / 1_000))] },
  };
}

function MinuteTable({ series }: { series: Timeseries }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Viewers by minute">
      <table>
        <thead>
          <tr><th scope="col">Minute</th><th scope="col" class="num">Viewers, most</th><th scope="col" class="num">Rebuffering, most</th><th scope="col" class="num">Starts</th><th scope="col" class="num">Failures</th><th scope="col" class="num">Exits before start</th></tr>
        </thead>
        <tbody>
          {minuteRows(series).map((row) => (
            <tr key={row.minuteMs}>
              <th scope="row">{timeOfDayShort(row.minuteMs)}</th>
              <td class="num">{countInFull(row.viewers)}</td><td class="num">{countInFull(row.rebuffering)}</td><td class="num">{countInFull(row.starts)}</td><td class="num">{countInFull(row.failures)}</td><td class="num">{countInFull(row.exits)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The sentence that is read out now and then. */
export const spokenSummary = (viewers: number, ratioNow: number | undefined): string =>
  `${plural(viewers, 'viewer')}, ${ratioNow === undefined ? 'rebuffering not known' : `${ratio(ratioNow)} rebuffering`}`;
