/** Whose view it was, when, where and with what; the verdict; and whether it is the last word. */
import type { ComponentChildren, JSX } from 'preact';
import { dateTimeFull, duration, timeOfDay, utc } from '../charts/format';
import { videoHref, viewHref } from '../router';
import { CopyButton } from '../ui/CopyButton';
import { Panel } from '../ui/Panel';
import { ViewState } from '../ui/ViewState';
import type { Cell } from '../ui/export';
import type { ViewRecord } from '../views/record';
import type { Result } from '../views/rows';
import { joinedFacts, textFact } from '../views/facts';
import { ticket } from '../views/ticket';
import { verdict } from '../views/verdict';

interface Props {
  viewId: string;
  record: ViewRecord;
  menu: JSX.Element;
}

export function ViewHead({ viewId, record, menu }: Props): JSX.Element {
  const { figures, facts } = record;
  const standing = standingWords(record);
  const link = `${location.origin}${viewHref(viewId)}`;
  return (
    <Panel id="view" title="This view" class="panel-head-facts" actions={<><CopyButton text={() => ticket(viewId, record, link)} label="Copy as ticket" />{menu}</>}>
      <p class="verdict" id="verdict">{verdict(figures)}</p>
      <p class="verdict-state" id="view-state"><ViewState state={resultOf(record)} />{standing !== '' && <span class="note" id="standing">{standing}</span>}</p>
      <dl class="head-facts">
        <Entry label="Viewer">{linked(facts, 'viewer_id')}</Entry>
        <Entry label="When">{record.startMs === undefined ? 'unknown' : <span title={utc(record.startMs)}>{dateTimeFull(record.startMs)}</span>}</Entry>
        <Entry label="Lasted">{lasted(record)}</Entry>
        <Entry label="Where">{joinedFacts(facts, [['country'], ['asn'], ['connection_type']]) ?? 'unknown'}</Entry>
        <Entry label="Player">{joinedFacts(facts, [['player_name', 'player_version'], ['player_software', 'player_software_version']]) ?? 'unknown'}</Entry>
        <Entry label="Device">{joinedFacts(facts, [['browser', 'browser_version'], ['operating_system', 'operating_system_version'], ['device']]) ?? 'unknown'}</Entry>
        <Entry label="CDN">{linked(facts, 'cdn')}</Entry>
        <Entry label="Video">{textFact(facts, 'video_id') === undefined ? 'unknown' : <a href={videoHref(textFact(facts, 'video_id') ?? '')}>{textFact(facts, 'video_id')}</a>}</Entry>
      </dl>
      <ul class="ids" aria-label="Ids">
        <Id what="view id" id={viewId} />
        <Id what="viewer id" id={textFact(facts, 'viewer_id')} />
        <Id what="session id" id={textFact(facts, 'session_id')} />
        <Id what="video id" id={textFact(facts, 'video_id')} />
      </ul>
    </Panel>
  );
}

/** What the head says, in figures: the sentence first. */
export const headCells = ({ figures, startMs }: ViewRecord): Cell[][] => [
  ['name', 'value'],
  ['verdict', verdict(figures)],
  ['start_utc', startMs === undefined ? null : utc(startMs)],
  ...Object.entries<Cell | boolean | undefined>({ ...figures }).map(([name, value]): Cell[] => [name.replace(/[A-Z]/g, (big) => `_${big.toLowerCase()}`), typeof value === 'boolean' ? String(value) : (value ?? null)]),
];

function Entry({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return <div><dt>{label}</dt><dd>{children}</dd></div>;
}

function Id({ what, id }: { what: string; id: string | undefined }): JSX.Element | null {
  if (id === undefined) return null;
  return <li><span class="id-what">{what}</span> <code>{id}</code> <CopyButton text={id} what={what} /></li>;
}

function linked(facts: ViewRecord['facts'], dimension: string): JSX.Element | string {
  const value = textFact(facts, dimension);
  if (value === undefined) return 'unknown';
  const query = new URLSearchParams([['timeframe', '90d'], ['filter', `${dimension}:${value}`]]).toString();
  return <a href={`/views?${query}`} title={`All views with ${value}`}>{value}</a>;
}

function lasted({ events }: ViewRecord): string {
  const last = events.at(-1);
  return last === undefined || last.atMs === 0 ? 'unknown' : duration(last.atMs);
}

function resultOf({ figures, live }: ViewRecord): Result {
  if (figures.failed || figures.business) return 'failed';
  if (live !== undefined && figures.standing === 'running') return live.state;
  if (figures.standing === 'running') return 'running';
  if (figures.standing === 'silent') return 'gone';
  return figures.started ? 'ended' : 'left-before-start';
}

/** Whether the figures may still change, in words. */
function standingWords({ figures, live, facts }: ViewRecord): string {
  if (figures.standing === 'over') return '';
  if (figures.standing === 'silent') {
    const heard = Date.parse(String(facts.updated_at));
    const since = Number.isNaN(heard) ? '' : `: last heard of ${dateTimeFull(heard)}`;
    return `Provisional. No end was told${since}. If its player comes back, the figures grow.`;
  }
  if (live !== undefined) return `Provisional. The view is under way, and this page follows it${live.last_ms === undefined ? '' : `; last heard of at ${timeOfDay(live.last_ms)}`}.`;
  return 'Provisional. The view was heard of less than a minute ago and may still be under way.';
}
