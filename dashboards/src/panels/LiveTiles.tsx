/** The figures of this moment, all from `overview`; the small lines and sums beside them from `timeseries`. */
import type { ComponentChildren, JSX } from 'preact';
import { DASH, count, countInFull, duration, oneDecimal, plural, ratio } from '../charts/format';
import { lastColumn, sumLast } from '../charts/series';
import type { Live } from '../live/store';
import type { Overview, Point, Timeseries } from '../live/topics';
import { Sparkline } from '../ui/Sparkline';
import { StateGate } from '../ui/StateGate';
import type { Source } from '../ui/hooks';

const SPARK_SECONDS = 120;
const SUM_SECONDS = 60;

interface TileProps {
  id: string;
  label: string;
  value: string;
  unit?: string;
  full?: string | undefined;
  detail: ComponentChildren;
  spark?: JSX.Element | undefined;
}

export function Tile({ id, label, value, unit, full, detail, spark }: TileProps): JSX.Element {
  return (
    <div class="tile" id={id}>
      <dt>{label}</dt>
      <dd class="tile-value" title={full}>
        {value}
        {unit !== undefined && value !== DASH && <span class="unit">{unit}</span>}
      </dd>
      <dd class="tile-detail">{detail}</dd>
      {spark !== undefined && <dd class="tile-spark">{spark}</dd>}
    </div>
  );
}

interface Props {
  overview: Source<Overview>;
  series: Live<Timeseries>;
}

export function LiveTiles({ overview, series }: Props): JSX.Element {
  const spark = (member: keyof Point): JSX.Element | undefined =>
    series.status === 'ready' ? <Sparkline values={lastColumn(series.value, member, SPARK_SECONDS)} /> : undefined;
  const inLastMinute = (member: keyof Point): string => {
    const sum = series.status === 'ready' ? sumLast(series.value, member, SUM_SECONDS) : undefined;
    return sum === undefined ? DASH : `${count(sum)} in the last minute`;
  };
  return (
    <div class="tiles-frame">
      <StateGate source={overview} what="the live figures">
        {(now) => (
          <dl class="tiles">
            <Tile id="tile-viewers" label="Concurrent viewers" value={count(now.concurrent_viewers)} full={countInFull(now.concurrent_viewers)}
              detail={`${count(now.playing)} playing · ${count(now.starting)} starting`} spark={spark('viewers')} />
            <Tile id="tile-starts" label="Starts" value={oneDecimal(now.starts_per_s)} unit="/s" detail={inLastMinute('starts')} spark={spark('starts')} />
            <Tile id="tile-startup" label="Startup, p50" value={duration(now.startup_p50_ms)}
              detail={<>p95 <strong>{duration(now.startup_p95_ms)}</strong> · last 5 min</>} />
            <Tile id="tile-rebuffering" label="Rebuffering" value={ratio(now.rebuffering_ratio)} detail={`${plural(now.rebuffering, 'viewer')} waiting`} spark={spark('rebuffering')} />
            <Tile id="tile-failures" label="Failures" value={oneDecimal(now.failures_per_s)} unit="/s" detail={inLastMinute('failures')} spark={spark('failures')} />
            <Tile id="tile-exits" label="Exits before start" value={oneDecimal(now.exits_before_start_per_s)} unit="/s" detail={inLastMinute('exits')} spark={spark('exits')} />
          </dl>
        )}
      </StateGate>
    </div>
  );
}
