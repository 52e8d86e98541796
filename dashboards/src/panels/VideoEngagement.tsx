/**
 * A video's engagement, from one of two sources that are never added up: history as the API gave it when it was
 * asked, or the live topic, which is of the views open now and those that ended since the server started.
 */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { heatmapPath } from '../api/metrics';
import type { HeatmapAnswer } from '../api/metrics';
import { fromHistory, fromLive } from '../charts/engagement';
import type { Engagement } from '../charts/engagement';
import { position, timeOfDay } from '../charts/format';
import { standouts } from '../charts/standouts';
import { topicPath } from '../live/topics';
import type { LiveHeatmap } from '../live/topics';
import { address, navigate, oneOf, withParam } from '../router';
import { timeframeWords } from '../time/frame';
import { Choices, Panel, ShapeSwitch, panelShape } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import type { Asked } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { mapped, useCompared } from '../ui/hooks';
import type { Source } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { EngagementChart, EngagementTable, SCALES } from './EngagementChart';
import type { Stretch } from './EngagementChart';
import { aboutOf } from './HistoryPanel';
import { Standouts } from './Standouts';

export const SOURCES = ['history', 'live'] as const;
const SOURCE_WORDS = { history: 'History', live: 'Live now' };
const SCALE_WORDS = { viewers: 'Viewers', share: 'Share' };

interface Props {
  videoId: string;
  scope: Scope;
  from: (typeof SOURCES)[number];
  live: Source<LiveHeatmap>;
}

export function VideoEngagement({ videoId, scope, from, live }: Props): JSX.Element {
  return from === 'live'
    ? <Framed source={mapped(live, (state) => ({ now: fromLive(state) }))} note="Views open now and ended since the server started" emptyText="Nobody has watched this video since the server started." asked={[{ what: 'Engagement now', path: topicPath('heatmap', { video_id: videoId }) }]} about={['live']} />
    : <History videoId={videoId} scope={scope} />;
}

function History({ videoId, scope }: { videoId: string; scope: Scope }): JSX.Element {
  const path = heatmapPath(videoId, scope.now);
  const beforePath = scope.before && heatmapPath(videoId, scope.before);
  const answer = useCompared<HeatmapAnswer>(path, beforePath);
  const words = timeframeWords(scope.timeframe);
  const source = mapped(answer, ({ now, before }): Pair => ({ now: fromHistory(now.data), ...(before === undefined || before.data.total_views === 0 ? {} : { before: fromHistory(before.data) }) }));
  const problem = answer.data.status === 'ready' ? answer.data.value.problem : undefined;
  return (
    <Framed
      source={source} about={aboutOf(scope)} asked={[{ what: 'Engagement', path }, ...(beforePath === undefined ? [] : [{ what: 'Engagement, before', path: beforePath }])]}
      note={problem === undefined ? `Views of the ${words}, as of ${timeOfDay(scope.askedAtMs)}` : `The comparison did not load: ${problem}`}
      emptyText={`No view of this video ${scope.filters.length === 0 ? '' : 'fits the filters '}in the ${words}.`}
    />
  );
}

interface Pair {
  now: Engagement;
  before?: Engagement;
}

interface FrameProps {
  source: Source<Pair>;
  note: string;
  emptyText: string;
  asked: Asked[];
  about: string[];
}

function Framed({ source, note, emptyText, asked, about }: FrameProps): JSX.Element {
  const crosshair = useMemo(() => signal<number | undefined>(undefined), []);
  const now = source.data.status === 'ready' ? source.data.value.now : undefined;
  const stretch = stretchOf(address.value.params.get('stretch'));
  const scale = oneOf(address.value, 'scale', SCALES, 'viewers');
  const actions = (
    <>
      {stretch !== undefined && <a class="button" href={withParam(address.value, 'stretch', '', '')}>Whole video</a>}
      <Choices label="Source of the engagement" param="engagement" options={SOURCES} fallback="history" words={SOURCE_WORDS} />
      <Choices label="Scale of the engagement" param="scale" options={SCALES} fallback="viewers" words={SCALE_WORDS} />
      <ShapeSwitch param="heatmap" what="engagement" />
      <PanelMenu title="Engagement" about={about} asked={asked} hasPicture={panelShape('heatmap') === 'chart'} rows={now && (() => cells(now))} />
    </>
  );
  const places = now === undefined ? [] : standouts(now);
  return (
    <>
      <Panel id="engagement" title="Engagement" note={note} actions={actions} class="panel-chart panel-engagement">
        <StateGate source={source} what="the engagement" isEmpty={({ now: { totalViews, plays } }) => totalViews === 0 || plays.length === 0}
          empty={<p class="state-title">{emptyText}</p>}>
          {(pair) => panelShape('heatmap') === 'table'
            ? <EngagementTable data={pair.now} />
            : <EngagementChart data={pair.now} before={pair.before} scale={scale} stretch={stretch} crosshair={crosshair} onZoom={zoomTo} />}
        </StateGate>
      </Panel>
      {places.length > 0 && <Standouts places={places} crosshair={crosshair} asked={asked} about={about} />}
    </>
  );
}

function stretchOf(text: string | null): Stretch | undefined {
  const [, from, to] = /^(\d{1,7})-(\d{1,7})$/.exec(text ?? '') ?? [];
  const [fromS, toS] = [Number(from), Number(to)];
  return toS > fromS ? [fromS * 1_000, toS * 1_000] : undefined;
}

/** Whole seconds; back undoes it. Beyond the beginning there is nothing, so zooming out ends with the whole. */
const zoomTo = (fromS: number, toS: number): void =>
  navigate(withParam(address.value, 'stretch', fromS < 0 ? '' : `${Math.floor(fromS)}-${Math.ceil(toS)}`, ''));

const cells = ({ viewers, plays, bucketMs, totalViews }: Engagement) => [
  ['position', 'from_ms', 'viewers', 'plays', 'replays', 'views_in_all'],
  ...viewers.map((n, i) => [position(i * bucketMs), i * bucketMs, n, plays[i] ?? 0, Math.max(0, (plays[i] ?? 0) - n), totalViews]),
];
