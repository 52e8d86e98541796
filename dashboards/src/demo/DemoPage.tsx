/** A real player beside what Playhead knows of it. The player and the figures share nothing but the server. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { explain } from '../api/client';
import { fromLive } from '../charts/engagement';
import { LiveStore } from '../live/store';
import { liveUrl } from '../live/url';
import { EngagementChart, EngagementTable } from '../panels/EngagementChart';
import { OneViewNow } from '../panels/OneViewNow';
import { Announcer } from '../ui/Announcer';
import { ConnectionBanner } from '../ui/Connection';
import { Header } from '../ui/Header';
import { Panel, ShapeSwitch, panelShape } from '../ui/Panel';
import { StateGate } from '../ui/StateGate';
import { LiveContext, useAnswer, useTopic } from '../ui/hooks';
import { VIDEO_SRC, VIDEO_TITLE, demoConfig, loadSdk, monitor } from './player';
import type { DemoConfig } from './player';

export function DemoPage(): JSX.Element {
  const config = useAnswer('config', demoConfig);
  return config.data.status === 'ready' ? <Connected config={config.data.value} /> : (
    <>
      <Header live={false} />
      <main class="main"><h1 class="visually-hidden">Demo</h1><StateGate source={config} what="the demo">{() => <></>}</StateGate></main>
    </>
  );
}

function Connected({ config }: { config: DemoConfig }): JSX.Element {
  const live = useMemo(() => new LiveStore(liveUrl(), config.live_token), [config]);
  useEffect(() => () => live.close(), [live]);
  return (
    <LiveContext.Provider value={live}>
      <Header live />
      <main class="main"><Demo config={config} /></main>
      <ConnectionBanner />
    </LiveContext.Provider>
  );
}

function Demo({ config }: { config: DemoConfig }): JSX.Element {
  const player = usePlayer(config);
  const view = useTopic('view', player.viewId === undefined ? undefined : { view_id: player.viewId });
  const title = useTopic('heatmap', { video_id: config.video_id });
  const spoken = view.data.status === 'ready' ? `This view: ${view.data.value.view?.state ?? 'not started'}` : '';
  return (
    <>
      <Announcer text={spoken} />
      <h1 tabIndex={-1}>A player, and what Playhead sees of it</h1>
      <div class="demo">
        <section class="panel panel-player" aria-label="Player">
          <video ref={player.video} src={VIDEO_SRC} controls playsInline muted preload="metadata" aria-label={VIDEO_TITLE} />
          <div class="player-buttons">
            <button type="button" class="button primary" id="play" onClick={player.toggle}>{player.playing ? 'Pause video' : 'Play video'}</button>
            <button type="button" class="button" id="back" onClick={player.back}>Back 5 s</button>
            <p class="note" id="view-id">{player.viewId === undefined ? '' : <>View <code>{player.viewId}</code></>}</p>
          </div>
          {player.problem !== undefined && <p class="problem" role="alert">{player.problem}</p>}
        </section>
        <OneViewNow source={view} started={player.viewId !== undefined} />
      </div>
      <Panel id="engagement" title="Everyone who watched this video" note="Views open now and ended since the server started"
        actions={<ShapeSwitch param="heatmap" what="engagement" />} class="panel-chart">
        <StateGate source={title} what="the engagement" isEmpty={(state) => state.total_views === 0}
          empty={<p class="state-title">Nobody has watched this video since the server started.</p>}>
          {(state) => panelShape('heatmap') === 'table' ? <EngagementTable data={fromLive(state)} /> : <EngagementChart data={fromLive(state)} />}
        </StateGate>
      </Panel>
    </>
  );
}

const BACK_S = 5;

/** The video element under the SDK's eyes, and the buttons that people, and tests, press. */
function usePlayer(config: DemoConfig) {
  const video = useRef<HTMLVideoElement>(null);
  const [viewId, setViewId] = useState<string | undefined>(undefined);
  const [playing, setPlaying] = useState(false);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  useEffect(() => {
    const element = video.current;
    if (element === null) return undefined;
    const ended = new AbortController();
    loadSdk().then(
      (sdk) => setViewId(monitor(sdk, element, config).viewId),
      (error: unknown) => setProblem(explain(error)),
    );
    const follow = (): void => setPlaying(!element.paused);
    for (const name of ['play', 'pause', 'ended']) element.addEventListener(name, follow, { signal: ended.signal });
    return () => ended.abort();
  }, [config]);
  return {
    video, viewId, playing, problem,
    toggle: (): void => {
      const element = video.current;
      if (element === null) return;
      if (!element.paused) element.pause();
      else element.play().catch((error: unknown) => setProblem(explain(error)));
    },
    back: (): void => {
      const element = video.current;
      if (element !== null) element.currentTime = Math.max(0, element.currentTime - BACK_S);
    },
  };
}
