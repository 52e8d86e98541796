/**
 * A video's engagement, from one of two sources that are never added up: history as the API gave it when it was
 * asked, or the live topic, which is of the views open now and those that ended since the server started.
 */
import type { JSX } from 'preact';
import { TIMEFRAME_WORDS, heatmap } from '../api/metrics';
import type { Timeframe } from '../api/metrics';
import { fromHistory, fromLive } from '../charts/engagement';
import type { Engagement } from '../charts/engagement';
import { timeOfDay } from '../charts/format';
import type { LiveHeatmap } from '../live/topics';
import { Choices, Panel, ShapeSwitch, panelShape } from '../ui/Panel';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import type { Source } from '../ui/hooks';
import { EngagementChart, EngagementTable } from './EngagementChart';

export const SOURCES = ['history', 'live'] as const;
const SOURCE_WORDS = { history: 'History', live: 'Live now' };

interface Props {
  videoId: string;
  timeframe: Timeframe;
  from: (typeof SOURCES)[number];
  live: Source<LiveHeatmap>;
}

export function VideoEngagement({ videoId, timeframe, from, live }: Props): JSX.Element {
  const actions = (
    <>
      <Choices label="Source of the engagement" param="engagement" options={SOURCES} fallback="history" words={SOURCE_WORDS} />
      <ShapeSwitch param="heatmap" what="engagement" />
    </>
  );
  return from === 'live'
    ? <Framed source={mapped(live, fromLive)} note="Views open now and ended since the server started" actions={actions} emptyText="Nobody has watched this video since the server started." />
    : <History videoId={videoId} timeframe={timeframe} actions={actions} />;
}

function History({ videoId, timeframe, actions }: { videoId: string; timeframe: Timeframe; actions: JSX.Element }): JSX.Element {
  const answer = useAnswer(`${videoId}\n${timeframe}`, (signal) => heatmap(videoId, timeframe, signal));
  const words = TIMEFRAME_WORDS[timeframe];
  return (
    <Framed
      source={mapped(answer, fromHistory)} actions={actions}
      note={`Views of the ${words}, as of ${timeOfDay(answer.askedAtMs)}`}
      emptyText={`No view of this video in the ${words}.`}
    />
  );
}

interface FrameProps {
  source: Source<Engagement>;
  note: string;
  actions: JSX.Element;
  emptyText: string;
}

export function Framed({ source, note, actions, emptyText }: FrameProps): JSX.Element {
  return (
    <Panel id="engagement" title="Engagement" note={note} actions={actions} class="panel-chart">
      <StateGate source={source} what="the engagement" isEmpty={(data) => data.totalViews === 0 || data.plays.length === 0}
        empty={<p class="state-title">{emptyText}</p>}>
        {(data) => panelShape('heatmap') === 'table' ? <EngagementTable data={data} /> : <EngagementChart data={data} />}
      </StateGate>
    </Panel>
  );
}

function mapped<A, B>(source: Source<A>, map: (value: A) => B): Source<B> {
  const { data, retry } = source;
  return { data: data.status === 'ready' ? { status: 'ready', value: map(data.value) } : data, retry };
}
