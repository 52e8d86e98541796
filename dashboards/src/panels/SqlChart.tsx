/** An answer drawn: lines over time, or bars. */
import type { JSX } from 'preact';
import { useCallback, useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import { Plot } from '../charts/Plot';
import type { PlotConfig } from '../charts/Plot';
import { token } from '../charts/colors';
import { DASH, plural, utc } from '../charts/format';
import { X_AXIS_SIZE, axis, lonely } from '../charts/parts';
import type { Drawing } from '../sql/shape';

const COLORS = ['series-1', 'series-2', 'series-3', 'series-4'];
/** Not by colour alone. */
const DASHES = [[], [6, 4], [2, 3], [10, 3]];
const figure = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 });
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const written = (value: number | null | undefined): string => (typeof value === 'number' ? figure.format(value) : DASH);
const inUtc = (s: number): Date => uPlot.tzDate(new Date(s * 1_000), 'Etc/UTC');
/** The time of day, with seconds where they differ; the day where it begins. */
function tick(s: number, apartS: number): string {
  const [day = '', time = ''] = new Date(s * 1_000).toISOString().split('T');
  return apartS >= DAY_S || time.startsWith('00:00:00') ? day : time.slice(0, apartS < 60 ? 8 : 5);
}

const DAY_S = 86_400;
const moment = (s: number): string => utc(s * 1_000).replace(/(?: 00:00:00)?\.000/, '');

export function SqlChart({ drawing }: { drawing: Drawing }): JSX.Element {
  return drawing.kind === 'lines' ? <Lines drawing={drawing} /> : <Bars drawing={drawing} />;
}

function Lines({ drawing }: { drawing: Extract<Drawing, { kind: 'lines' }> }): JSX.Element {
  const { time, lines } = drawing;
  const names = lines.map(({ name }) => name).join('\n');
  const data = useMemo((): [number[], ...(number | null)[][]] => [time, ...lines.map(({ values }) => values)], [drawing]);
  const configure = useCallback((): PlotConfig => configuration(lines.length), [names]);
  const legend = lines.map(({ name, values }, i) => ({ label: name, color: COLORS[i] ?? '', dashed: i > 0, value: (at: number) => written(values[at]) }));
  return (
    <div class="sql-chart">
      <Plot label={names} configure={configure} data={data} legend={legend} restIndex={time.length - 1} place={(i) => moment(time[i] ?? 0)} />
      <p class="summary">{plural(time.length, 'time')} from {moment(time[0] ?? 0)} to {moment(time.at(-1) ?? 0)}</p>
    </div>
  );
}

function configuration(lines: number): PlotConfig {
  const series = Array.from({ length: lines }, (_, i): uPlot.Series => {
    const color = token(COLORS[i] ?? '');
    return { stroke: color, width: 2, dash: DASHES[i] ?? [], points: { show: true, size: 5, fill: color, filter: lonely } };
  });
  return {
    tzDate: inUtc,
    padding: [8, 22, 0, 0],
    scales: { x: { time: true }, y: { range: (_plot, min, max) => [Math.min(0, min * 1.1), Math.max(max * 1.1, 1e-9)] } },
    axes: [axis({ size: X_AXIS_SIZE, space: 90, grid: { show: false }, values: (_plot, splits, _axis, _space, apartS) => splits.map((s) => tick(s, apartS)) }), axis({ size: 64, space: 40, values: (_plot, splits) => splits.map((value) => short.format(value)) })],
    series: [{}, ...series],
  };
}

function Bars({ drawing }: { drawing: Extract<Drawing, { kind: 'bars' }> }): JSX.Element {
  const { bars, of } = drawing;
  const most = Math.max(...bars.map(({ value }) => value ?? 0), 0);
  return (
    <div class="scroll sql-chart" tabIndex={0} role="region" aria-label={`Bars of ${of}`}>
      <table class="sql-bars">
        <thead><tr><th scope="col">{plural(bars.length, 'row')}</th><th scope="col" class="num">{of}</th><th scope="col"><span class="visually-hidden">Bar</span></th></tr></thead>
        <tbody>
          {bars.map(({ name, value }, i) => (
            <tr key={i}>
              <th scope="row" class="cut" title={name}>{name}</th>
              <td class="num">{written(value)}</td>
              <td><span class="bar"><span class="bar-fill" style={{ width: `${most === 0 ? 0 : (100 * (value ?? 0)) / most}%` }} /></span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
