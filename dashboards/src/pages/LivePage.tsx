/** What is happening now, in one environment. */
import type { JSX } from 'preact';
import type { Environment } from '../api/session';
import { FirstBeacon } from '../panels/FirstBeacon';
import { topicPath } from '../live/topics';
import { LiveTiles } from '../panels/LiveTiles';
import { MostWatched } from '../panels/MostWatched';
import { NEWEST_VIEWS, NewestViews } from '../panels/NewestViews';
import { DEFAULT_WINDOW, ViewersChart, WINDOWS, WINDOW_S, spokenSummary } from '../panels/ViewersChart';
import { useNotesAroundNow } from '../notes/notes';
import { WrongNow } from '../panels/WrongNow';
import { address, oneOf } from '../router';
import { Announcer } from '../ui/Announcer';
import { useTopic } from '../ui/hooks';

/** What has room above the chart on a laptop. */
const MOST_WRONG = 4;
const NEWEST = { limit: NEWEST_VIEWS };

export function LivePage({ environment }: { environment: Environment }): JSX.Element {
  const notes = useNotesAroundNow();
  const window = oneOf(address.value, 'window', WINDOWS, DEFAULT_WINDOW);
  const overview = useTopic('overview', {});
  const inWindow = { window_s: WINDOW_S[window] };
  const series = useTopic('timeseries', inWindow);
  const views = useTopic('views', NEWEST);
  const nobody =
    overview.data.status === 'ready' && overview.data.value.views_open === 0 &&
    views.data.status === 'ready' && Object.keys(views.data.value.rows).length === 0;
  const spoken = overview.data.status !== 'ready' ? '' : nobody ? 'Waiting for the first beacon'
    : spokenSummary(overview.data.value.concurrent_viewers, overview.data.value.rebuffering_ratio);
  return (
    <>
      <h1 class="visually-hidden" tabIndex={-1}>Live</h1>
      <Announcer text={spoken} />
      <LiveTiles overview={overview} series={series.data} />
      {nobody ? <FirstBeacon environment={environment} /> : (
        <>
          <WrongNow most={MOST_WRONG} />
          <div class="columns">
            <ViewersChart source={series} window={window} title="Viewers" notes={notes} asked={[{ what: 'Viewers by second', path: topicPath('timeseries', inWindow) }, { what: 'The figures above', path: topicPath('overview', {}) }]} />
            <MostWatched />
          </div>
          <NewestViews source={views} query={NEWEST} />
        </>
      )}
    </>
  );
}
