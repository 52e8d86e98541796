/** Twenty live charts of an hour each, every one a video of its own: for the bench of frames. The parts are those of the pages. */
import { render } from 'preact';
import type { JSX } from 'preact';
import { LiveStore } from '../../src/live/store';
import { liveUrl } from '../../src/live/url';
import { ViewersChart, WINDOW_S } from '../../src/panels/ViewersChart';
import '../../src/styles/index.css';
import { LiveContext, useTopic } from '../../src/ui/hooks';
import './wall.css';

const CHARTS = 20;
const NO_NOTES: never[] = [];

function VideoChart({ video }: { video: string }): JSX.Element {
  const series = useTopic('timeseries', { window_s: WINDOW_S['60m'], video_id: video });
  return <ViewersChart source={series} window="60m" title={video} notes={NO_NOTES} asked={NO_NOTES} />;
}

const host = document.getElementById('app');
if (host === null) throw new Error('index.html has no #app');
render(
  <LiveContext.Provider value={new LiveStore(liveUrl())}>
    <main class="wall">{Array.from({ length: CHARTS }, (_, n) => <VideoChart key={n} video={`video-${n}`} />)}</main>
  </LiveContext.Provider>,
  host,
);
