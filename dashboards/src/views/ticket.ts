/** One view as Markdown for a ticket: what a support person would otherwise copy together by hand. Times in UTC. */
import { duration, plural, position, utc } from '../charts/format';
import { joinedFacts, textFact } from './facts';
import { isFatal } from './course';
import type { ViewEvent } from './course';
import type { ViewRecord } from './record';
import { verdict } from './verdict';

/** What Markdown would take for more than text within a line: texts of strangers read as they were written. */
const SPECIAL = /[\\`*_[\]<|~$&]/g;
/** Ends of lines, and marks that turn the order of letters round. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

export const plain = (text: string): string => text.replace(UNSEEN, ' ').replace(SPECIAL, '\\$&');

/** To be copied: as code, where its characters allow that. */
const exact = (id: string): string => (/[`|]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(id) ? plain(id) : `\`${id}\``);

/** Names a player or a site gives what its servers can be asked about. */
const REQUEST = /request.?id|trace.?id|^cf.?ray$/i;

export function ticket(viewId: string, record: ViewRecord, link: string): string {
  const { facts, figures, events, startMs } = record;
  const ids: [string, string | undefined][] = [
    ['View id', viewId], ['Viewer id', textFact(facts, 'viewer_id')], ['Session id', textFact(facts, 'session_id')], ['Video id', textFact(facts, 'video_id')],
  ];
  const rows: [string, string | undefined][] = [
    ['Title', textFact(facts, 'video_title')],
    ['Began', startMs === undefined ? undefined : utc(startMs)],
    ['Last heard of', heardOf(facts.view_end)],
    ['Device', joinedFacts(facts, [['device'], ['browser', 'browser_version'], ['operating_system', 'operating_system_version']])],
    ['Player', joinedFacts(facts, [['player_name', 'player_version'], ['player_software', 'player_software_version']])],
    ['Where', joinedFacts(facts, [['country'], ['asn'], ['connection_type']])],
    ['CDN', textFact(facts, 'cdn')],
    ['Video startup time', figures.startupMs === undefined ? undefined : duration(figures.startupMs)],
    ['Rebuffering', `${plural(figures.rebufferCount, 'time')}, ${duration(figures.rebufferMs)} of ${duration(figures.watchMs)}`],
    ['Playhead', figures.playheadMs === undefined ? undefined : `${position(figures.playheadMs)}${figures.durationMs === undefined ? '' : ` of ${position(figures.durationMs)}`}`],
    ...Object.entries(facts.custom ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
  ];
  const errors = events.filter(({ name }) => name === 'error');
  return [
    `**${plain(verdict(figures))}**`,
    figures.standing === 'over' ? '' : 'Provisional: the figures may still change.',
    ['| | |', '|---|---|', ...ids.map(line(exact)), ...rows.map(line(plain))].join('\n'),
    errors.length === 0 ? 'No errors.' : ['Errors:', ...errors.map(errorLine)].join('\n'),
    requestIds(events),
    `[This view in Playhead](${link})`,
  ].filter((part) => part !== '').join('\n\n');
}

const line = (write: (text: string) => string) => ([name, value]: [string, string | undefined]): string =>
  `| ${plain(name)} | ${value === undefined ? 'unknown' : write(value)} |`;

const heardOf = (value: unknown): string | undefined => (typeof value === 'string' ? utc(Date.parse(value)) : undefined);

function errorLine(event: ViewEvent): string {
  const { error, playheadMs, occurredMs, attributes } = event;
  const when = occurredMs === undefined ? '' : `${utc(occurredMs)}, `;
  const place = playheadMs === undefined ? '' : ` at ${position(playheadMs)}`;
  const said = [error?.code, error?.message].filter((text) => text !== undefined && text !== '').map((text) => plain(text ?? '')).join(': ');
  const ids = idsOf(attributes);
  return `- ${when}${isFatal(event) ? 'fatal' : 'warning'}${place}${said === '' ? '' : `: ${said}`}${ids.length === 0 ? '' : ` (${ids.join(', ')})`}`;
}

const idsOf = (attributes: ViewEvent['attributes']): string[] =>
  Object.entries(attributes).filter(([name]) => REQUEST.test(name)).map(([name, id]) => `${plain(name)} ${exact(id)}`);

/** Those of events that are no errors, each once. */
function requestIds(events: ViewEvent[]): string {
  const ids = new Set(events.filter(({ name }) => name !== 'error').flatMap(({ attributes }) => idsOf(attributes)));
  return ids.size === 0 ? '' : ['Requests:', ...[...ids].map((id) => `- ${id}`)].join('\n');
}
