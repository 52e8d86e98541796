/** One video: its figures over a timeframe, its engagement, and who watches it now. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { latestTitle } from '../api/metrics';
import { plural } from '../charts/format';
import { Figures, FiguresMenu, figuresAt, useFigures } from '../panels/Figures';
import { PercentileSelect, chosenPercentile } from '../panels/PercentileSelect';
import { FilterChips } from '../panels/FilterChips';
import { FilterPicker } from '../panels/FilterPicker';
import { NEWEST_VIEWS, NewestViews } from '../panels/NewestViews';
import { Toolbar } from '../panels/Toolbar';
import { SOURCES, VideoEngagement } from '../panels/VideoEngagement';
import { VideoViewers } from '../panels/VideoViewers';
import { DEFAULT_WINDOW, ViewersChart, WINDOWS, WINDOW_S } from '../panels/ViewersChart';
import { useNotesAroundNow } from '../notes/notes';
import { address, oneOf, withScope } from '../router';
import { topicPath } from '../live/topics';
import { Announcer } from '../ui/Announcer';
import { useAnswer, useTopic } from '../ui/hooks';
import { useScope } from '../ui/scope';
import type { Scope } from '../ui/scope';

export function VideoPage({ videoId }: { videoId: string }): JSX.Element {
  const scope = useScope();
  const ofVideo = useMemo(() => withVideo(scope, videoId), [scope, videoId]);
  const percentile = chosenPercentile();
  const figures = useFigures(ofVideo, useMemo(() => figuresAt(percentile), [percentile]));
  const from = oneOf(address.value, 'engagement', SOURCES, 'history');
  const notes = useNotesAroundNow();
  const window = oneOf(address.value, 'window', WINDOWS, DEFAULT_WINDOW);
  const live = useTopic('heatmap', { video_id: videoId });
  const inWindow = { window_s: WINDOW_S[window], video_id: videoId };
  const series = useTopic('timeseries', inWindow);
  const newest = { limit: NEWEST_VIEWS, video_id: videoId };
  const views = useTopic('views', newest);
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
        <Toolbar scope={scope} />
      </div>
      <div class="filter-bar"><FilterPicker now={ofVideo.now} /><FilterChips filters={scope.filters} hint="All views of this video." /><PercentileSelect /><FiguresMenu scope={ofVideo} source={figures} /></div>
      <Figures scope={ofVideo} source={figures} alsoFilter={`video_id:${videoId}`} />
      <VideoEngagement videoId={videoId} scope={scope} from={from} live={live} />
      <VideoViewers videoId={videoId} scope={scope} />
      <p class="note"><a href={withScope('/views', undefined, [['filter', `video_id:${videoId}`]])}>All views of this video, one by one</a></p>
      <ViewersChart source={series} window={window} title="Viewers now" notes={notes} asked={[{ what: 'Viewers by second', path: topicPath('timeseries', inWindow) }]} />
      <NewestViews source={views} query={newest} />
    </>
  );
}

/** The engagement's own question names the video in its path; the figures' by a filter. */
function withVideo(scope: Scope, videoId: string): Scope {
  const filter = { dimension: 'video_id', value: videoId, negated: false };
  const { now, before } = scope;
  return {
    ...scope,
    now: { ...now, filters: [...now.filters, filter] },
    before: before && { ...before, filters: [...before.filters, filter] },
  };
}
