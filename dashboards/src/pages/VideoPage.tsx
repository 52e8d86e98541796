/** One video: its figures over a timeframe, its engagement, and who watches it now. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { TIMEFRAMES, latestTitle } from '../api/metrics';
import { plural } from '../charts/format';
import { KeyFigures } from '../panels/KeyFigures';
import { NEWEST_VIEWS, NewestViews } from '../panels/NewestViews';
import { SOURCES, VideoEngagement } from '../panels/VideoEngagement';
import { DEFAULT_WINDOW, ViewersChart, WINDOWS, WINDOW_S } from '../panels/ViewersChart';
import { address, oneOf } from '../router';
import { Announcer } from '../ui/Announcer';
import { Choices } from '../ui/Panel';
import { useAnswer, useTopic } from '../ui/hooks';

export function VideoPage({ videoId }: { videoId: string }): JSX.Element {
  const timeframe = oneOf(address.value, 'timeframe', TIMEFRAMES, '24h');
  const from = oneOf(address.value, 'engagement', SOURCES, 'history');
  const window = oneOf(address.value, 'window', WINDOWS, DEFAULT_WINDOW);
  const live = useTopic('heatmap', { video_id: videoId });
  const series = useTopic('timeseries', { window_s: WINDOW_S[window], video_id: videoId });
  const views = useTopic('views', { limit: NEWEST_VIEWS, video_id: videoId });
  const known = useAnswer(videoId, (signal) => latestTitle(videoId, signal));
  const title = (live.data.status === 'ready' ? live.data.value.title : undefined)
    ?? (known.data.status === 'ready' ? known.data.value : undefined) ?? videoId;
  useEffect(() => {
    document.title = `${title} · Playhead`;
  }, [title]);
  const spoken = live.data.status === 'ready' ? `${title}: ${plural(live.data.value.total_views, 'view')} since the server started` : '';
  return (
    <>
      <Announcer text={spoken} />
      <div class="page-head">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {title !== videoId && <p class="note"><span class="visually-hidden">Video id </span><code>{videoId}</code></p>}
        </div>
        <Choices label="Timeframe" param="timeframe" options={TIMEFRAMES} fallback="24h" />
      </div>
      <KeyFigures videoId={videoId} timeframe={timeframe} />
      <VideoEngagement videoId={videoId} timeframe={timeframe} from={from} live={live} />
      <ViewersChart source={series} window={window} title="Viewers now" />
      <NewestViews source={views} withTitle={false} />
    </>
  );
}
