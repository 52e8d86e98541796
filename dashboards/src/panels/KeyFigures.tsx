/** A video's figures over a timeframe, asked when the page is opened or the timeframe changes, and not again. */
import type { JSX } from 'preact';
import { TIMEFRAME_WORDS, overall } from '../api/metrics';
import type { Metric, Overall, Timeframe } from '../api/metrics';
import { count, countInFull, duration, plural, ratio } from '../charts/format';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import { Tile } from './LiveTiles';

interface Figure {
  metric: Metric;
  label: string;
  show: (value: number | undefined) => string;
}

const FIGURES: Figure[] = [
  { metric: 'views', label: 'Views', show: count },
  { metric: 'playing_time', label: 'Playing time', show: duration },
  { metric: 'video_startup_time', label: 'Startup, median', show: duration },
  { metric: 'rebuffer_percentage', label: 'Rebuffering', show: ratio },
  { metric: 'playback_failure_percentage', label: 'Playback failures', show: ratio },
  { metric: 'exits_before_video_start', label: 'Exits before start', show: ratio },
];

export function KeyFigures({ videoId, timeframe }: { videoId: string; timeframe: Timeframe }): JSX.Element {
  const source = useAnswer(`${videoId}\n${timeframe}`, (signal) =>
    Promise.all(FIGURES.map(({ metric }) => overall(metric, videoId, timeframe, signal))),
  );
  return (
    <div class="tiles-frame tiles-frame-plain">
      <StateGate source={source} what="the key figures">
        {(values) => (
          <dl class="tiles">
            {FIGURES.map(({ metric, label, show }, i) => (
              <Tile key={metric} id={`figure-${metric}`} label={label} value={show(values[i]?.value)}
                full={metric === 'views' ? countInFull(values[i]?.value) : undefined} detail={sample(metric, values[i], timeframe)} />
            ))}
          </dl>
        )}
      </StateGate>
    </div>
  );
}

const FEW = 30;

/** Of how many views: a percentage of five of them is not worth much. */
function sample(metric: Metric, figure: Overall | undefined, timeframe: Timeframe): string {
  const views = figure?.totalViews;
  if (metric === 'views' || views === undefined) return TIMEFRAME_WORDS[timeframe];
  return `of ${plural(views, 'view')}${views > 0 && views < FEW ? ' · few views' : ''}`;
}
