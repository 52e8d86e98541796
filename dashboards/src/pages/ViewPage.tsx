/** What happened in one view: from the store once, and from the live topic for as long as it is under way. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { oneView, viewPath } from '../api/views';
import type { ViewAnswer } from '../api/views';
import type { Live } from '../live/store';
import type { OneView } from '../live/topics';
import { PassesStrip } from '../panels/PassesStrip';
import { ViewEvents, eventCells } from '../panels/ViewEvents';
import { ViewFacts } from '../panels/ViewFacts';
import { ViewHead, headCells } from '../panels/ViewHead';
import { ViewSteps } from '../panels/ViewSteps';
import { ViewTimeline, courseCells } from '../panels/ViewTimeline';
import { Announcer } from '../ui/Announcer';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { sqlText } from '../ui/export';
import type { Cell } from '../ui/export';
import { useAnswer, useTopic } from '../ui/hooks';
import type { Source } from '../ui/hooks';
import { courseOf } from '../views/course';
import { textFact } from '../views/facts';
import { lastList } from '../views/opened';
import { recordOf } from '../views/record';
import type { ViewRecord } from '../views/record';
import { isOver } from '../views/rows';
import { verdict } from '../views/verdict';

export function ViewPage({ viewId }: { viewId: string }): JSX.Element {
  const source = useRecord(viewId);
  const record = source.data.status === 'ready' ? source.data.value : undefined;
  const title = titleOf(record);
  useEffect(() => {
    document.title = `${title} · Playhead`;
  }, [title]);
  return (
    <>
      <Announcer text={record === undefined ? '' : verdict(record.figures)} />
      <div class="page-head">
        <div>
          <nav class="note" aria-label="Back"><a href={lastList()}>{lastList().startsWith('/views') ? 'Views' : 'Back to the error'}</a></nav>
          <h1 tabIndex={-1}>{title}</h1>
        </div>
        <ViewSteps viewId={viewId} viewerId={record === undefined ? undefined : textFact(record.facts, 'viewer_id')} />
      </div>
      {source.unfollowed !== undefined && <p class="problem">Not followed live: {source.unfollowed}</p>}
      {source.data.status === 'ready' && record !== undefined
        ? <Found viewId={viewId} record={record} />
        : <Panel id="view" title="This view" class="panel-wait"><StateGate source={source} what="this view">{() => <NotFound viewId={viewId} />}</StateGate></Panel>}
    </>
  );
}

function titleOf(record: ViewRecord | undefined): string {
  const named = record?.facts.video_title ?? record?.facts.video_id;
  return typeof named === 'string' && named !== '' ? named : 'View';
}

function Found({ viewId, record }: { viewId: string; record: ViewRecord }): JSX.Element {
  const course = useMemo(() => courseOf(record.events), [record.events]);
  const { playheadMs, durationMs } = record.figures;
  const reach = Math.max(playheadMs ?? 0, ...record.ranges.map(([, to]) => to));
  // All panels are one answer of the API, and one row or its events in SQL.
  const menu = (title: string, rows: () => Cell[][], sql = `SELECT * FROM views WHERE view_id = ${sqlText(viewId)}`): JSX.Element =>
    <PanelMenu title={title} about={[viewId]} asked={[{ what: 'This view', path: viewPath(viewId), sql }]} rows={rows} />;
  return (
    <>
      <ViewHead viewId={viewId} record={record} menu={menu('This view', () => headCells(record))} />
      <ViewTimeline course={course} isLive={record.live !== undefined && record.figures.standing === 'running'} menu={menu('Timeline', () => courseCells(course))} />
      <Panel id="ranges" title="What was seen of the video" actions={menu('What was seen of the video', () => [['from_ms', 'to_ms'], ...record.ranges])}>
        <PassesStrip ranges={record.ranges} durationMs={durationMs ?? reach} playheadMs={playheadMs} />
      </Panel>
      <ViewEvents events={record.events} course={course} menu={menu('Events', () => eventCells(record.events, course), `SELECT * FROM events WHERE view_id = ${sqlText(viewId)} ORDER BY sequence`)} />
      <ViewFacts facts={record.facts} menu={menu('Everything known', () => [['name', 'value'], ...Object.entries(record.facts).map(([name, value]) => [name, textOf(value)])])} />
    </>
  );
}

/** A fact as a cell; lists and custom dimensions as JSON. */
const textOf = (value: unknown): Cell => (typeof value === 'number' || typeof value === 'string' ? value : value === null || value === undefined ? null : JSON.stringify(value));

function NotFound({ viewId }: { viewId: string }): JSX.Element {
  return (
    <div class="state" data-state="not-found">
      <p class="state-title">There is no view with the id <code>{viewId}</code> in this environment.</p>
      <p>It may belong to another environment, or be older than the 90 days that views are kept. If it is about to begin, this page shows it with its first beacon.</p>
      <p><a href="/views">Look among all views</a></p>
    </div>
  );
}

/** Stored soon after it arrives, but not at once. */
const ASK_AGAIN_MS = 3_000;

/**
 * Asked once; again when the live topic knows a view that the store did not have yet, and when a followed view is
 * over. What was there stays on the screen meanwhile. `unfollowed`: why what is under way does not move.
 */
function useRecord(viewId: string): Source<ViewRecord | undefined> & { unfollowed: string | undefined } {
  const [round, setRound] = useState('first');
  const answer = useAnswer(`${viewId}\n${round}`, (signal) => oneView(viewId, signal));
  const kept = useRef<Live<ViewAnswer | undefined>>(answer.data);
  if (answer.data.status === 'ready' || kept.current.status !== 'ready') kept.current = answer.data;
  const stored = kept.current;
  const needsLive = stored.status === 'ready' && stored.value?.facts.view_ended !== true;
  const topic = useTopic('view', needsLive ? { view_id: viewId } : undefined);
  const live = topic.data.status === 'ready' ? topic.data.value : undefined;
  useEffect(() => {
    const next = roundAfter(stored, live);
    if (next === undefined) return undefined;
    const timer = setTimeout(() => setRound(next), ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [roundAfter(stored, live)]);
  const data = useMemo<Live<ViewRecord | undefined>>(
    () => (stored.status === 'ready' ? { status: 'ready', value: recordOf(stored.value, live, Date.now()) } : stored),
    [stored, live],
  );
  return { data, retry: answer.retry, unfollowed: topic.data.status === 'error' ? topic.data.message : undefined };
}

function roundAfter(stored: Live<ViewAnswer | undefined>, live: OneView | undefined): string | undefined {
  const state = live?.view?.start_ms === undefined ? undefined : live.view.state;
  if (stored.status !== 'ready' || state === undefined) return undefined;
  if (isOver(state)) return 'over';
  return stored.value === undefined ? 'known' : undefined;
}
