/** Who sends what, how whole it is, and what was refused: for whoever looks after the players. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { getJson } from '../api/client';
import { breakdownPath } from '../api/metrics';
import type { BreakdownAnswer } from '../api/metrics';
import type { Environment } from '../api/session';
import { REFUSALS_PATH, refusals } from '../api/system';
import type { Refused } from '../api/system';
import { count, countInFull, plural, ratio, share } from '../charts/format';
import { FilterChips } from '../panels/FilterChips';
import { FilterPicker } from '../panels/FilterPicker';
import { aboutOf } from '../panels/HistoryPanel';
import { NothingThen } from '../panels/NothingThen';
import { Toolbar } from '../panels/Toolbar';
import { address, oneOf, viewHref, withScope } from '../router';
import { Glyph } from '../ui/Glyph';
import { Choices, Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { Moment, Thing } from '../ui/Thing';
import { useAnswer } from '../ui/hooks';
import { useScope } from '../ui/scope';
import type { Scope } from '../ui/scope';
import { NOTHING, filterText } from '../views/filters';

const SENDERS = ['sdk', 'player_software', 'player_software_version', 'browser', 'country'] as const;
const SENDER_WORDS: Record<(typeof SENDERS)[number], string> = { sdk: 'SDK', player_software: 'Player', player_software_version: 'Player version', browser: 'Browser', country: 'Country' };
/** Without these, questions people ask most cannot be answered. */
const WANTED = ['video_title', 'video_id', 'viewer_id', 'cdn', 'rendition_height'] as const;
const WANTED_WORDS: Record<(typeof WANTED)[number], string> = { video_title: 'title', video_id: 'video', viewer_id: 'viewer', cdn: 'CDN', rendition_height: 'rendition' };
const ROWS = 50;
/** A lack in fewer views than this part is an oversight somewhere, not a rule. */
const MOSTLY = 0.5;

interface Sender {
  name: string | null;
  views: number;
  /** By what is wanted: views that lack it. */
  lacks: Record<string, number>;
}

export function QualityPage({ environment }: { environment: Environment }): JSX.Element {
  const scope = useScope();
  useEffect(() => {
    document.title = 'Data quality · Playhead';
  }, []);
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>Data quality</h1><Toolbar scope={scope} compares={false} /></div>
      <div class="filter-bar"><FilterPicker now={scope.now} /><FilterChips filters={scope.filters} hint="What players send, and what they leave out." /></div>
      <Senders scope={scope} />
      <RefusedBeacons environment={environment} />
    </>
  );
}

const pathsOf = (scope: Scope, dimension: string): { what: string; path: string }[] => {
  const question = { metric: 'views', dimension, order: 'views', descending: true, limit: ROWS } as const;
  const lacking = WANTED.map((wanted) => ({
    what: `Without ${WANTED_WORDS[wanted]}`,
    path: breakdownPath(question, { ...scope.now, filters: [...scope.filters, { dimension: wanted, value: NOTHING, negated: false }] }),
  }));
  return [{ what: 'Views', path: breakdownPath(question, scope.now) }, ...lacking];
};

async function senders(paths: string[], signal: AbortSignal): Promise<Sender[]> {
  const [all, ...lacking] = await Promise.all(paths.map((path) => getJson<BreakdownAnswer>(path, signal)));
  return (all?.data ?? []).map(({ field, views }) => ({
    name: field, views,
    lacks: Object.fromEntries(WANTED.map((wanted, i) => [wanted, lacking[i]?.data.find((group) => group.field === field)?.views ?? 0])),
  }));
}

function Senders({ scope }: { scope: Scope }): JSX.Element {
  const by = oneOf(address.value, 'by', SENDERS, 'sdk');
  const asked = pathsOf(scope, by);
  const paths = asked.map(({ path }) => path);
  const source = useAnswer(paths.join('\n'), (signal) => senders(paths, signal));
  const rows = source.data.status === 'ready' ? source.data.value : undefined;
  if (rows?.length === 0) return <NothingThen scope={scope} />;
  const filters = scope.filters.map(filterText).join(' ');
  return (
    <Panel
      id="senders" title="Who sends, and what is missing" note="The part of views that lack something; choose it to see them" class="panel-breakdown"
      actions={<>
        <Choices label="Senders by" param="by" options={SENDERS} fallback="sdk" words={SENDER_WORDS} />
        <PanelMenu title="Senders" about={aboutOf(scope)} asked={asked} rows={rows && (() => [[by, 'views', ...WANTED.map((wanted) => `without_${wanted}`), 'filters'], ...rows.map(({ name, views, lacks }) => [name, views, ...WANTED.map((wanted) => lacks[wanted] ?? 0), filters])])} />
      </>}
    >
      <StateGate source={source} what="who sends">{(known) => <SendersTable rows={known} by={by} />}</StateGate>
    </Panel>
  );
}

function SendersTable({ rows, by }: { rows: Sender[]; by: (typeof SENDERS)[number] }): JSX.Element {
  const viewsHref = (name: string | null, lacking: string | undefined): string =>
    withScope('/views', undefined, [['filter', `${by}:${name ?? NOTHING}`], ...(lacking === undefined ? [] : [['filter', `${lacking}:${NOTHING}`] as [string, string]])]);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Senders, rows">
      <table class="senders">
        <thead><tr><th scope="col">{SENDER_WORDS[by]}</th><th scope="col" class="num">Views</th>{WANTED.map((wanted) => <th key={wanted} scope="col" class="num">No {WANTED_WORDS[wanted]}</th>)}</tr></thead>
        <tbody>
          {rows.map(({ name, views, lacks }) => {
            const told = name ?? 'not known';
            return (
              <tr key={told}>
                <th scope="row" class="title-cell"><a class="value" href={viewsHref(name, undefined)} title={told}>{told}</a></th>
                <td class="num strong" title={countInFull(views)}>{count(views)}</td>
                {WANTED.map((wanted) => <td key={wanted} class="num"><Lack part={share(lacks[wanted] ?? 0, views)} href={viewsHref(name, wanted)} words={`${told}: views without ${WANTED_WORDS[wanted]}`} views={lacks[wanted] ?? 0} /></td>)}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Lack({ part = 0, views, href, words }: { part: number | undefined; views: number; href: string; words: string }): JSX.Element {
  if (views === 0) return <span class="whole"><span class="visually-hidden">{words}: </span>none</span>;
  return <a class="only lack" data-tone={part >= MOSTLY ? 'warn' : 'none'} href={href} title={plural(views, 'view')} aria-label={`${words}: ${ratio(part)}`}>{part >= MOSTLY && <Glyph shape="triangle" />} {ratio(part)}</a>;
}

function RefusedBeacons({ environment }: { environment: Environment }): JSX.Element {
  const source = useAnswer(`refusals ${environment.id}`, refusals);
  const rows = source.data.status === 'ready' ? source.data.value : undefined;
  return (
    <Panel
      id="refused" title="Refused" note="Since this node was started, by format and reason, with the newest example. Beacons with a key of nobody’s are not among them" class="panel-things"
      actions={<PanelMenu title="Refused" about={[environment.name]} asked={[{ what: 'Refused', path: REFUSALS_PATH }]} rows={rows && (() => [['format', 'reason', 'what', 'count', 'first_utc', 'last_utc', 'ingest_key', 'view_id', 'origin', 'user_agent'], ...rows.map((row) => [row.format, row.reason, row.whole_beacons ? 'beacons' : 'events', row.count, new Date(row.first_ms).toISOString(), new Date(row.last_ms).toISOString(), row.example.ingest_key, row.example.view_id, row.example.origin, row.example.user_agent])])} />}
    >
      <StateGate source={source} what="what was refused" isEmpty={(all) => all.length === 0} empty={<><p class="state-title"><Glyph shape="check" /> Nothing was refused</p><p>Everything that came with a key of {environment.name} was taken in.</p></>}>
        {(all) => <ul class="things">{all.map((row) => <RefusedRow key={row.format + row.reason} of={row} />)}</ul>}
      </StateGate>
    </Panel>
  );
}

function RefusedRow({ of: { format, reason, detail, whole_beacons: whole, count: n, is_temporary: comesAgain, last_ms: lastMs, example } }: { of: Refused }): JSX.Element {
  return (
    <Thing
      head={<><strong class="refused-count">{plural(n, whole ? 'beacon' : 'event')}</strong><code>{reason}</code><span class="tag">{format}</span>{comesAgain && <span class="tag">comes again</span>}</>}
      facts={<>
        {detail !== null && <>{detail} · </>}last <Moment ms={lastMs} /> with the key <code>{example.ingest_key}</code>
        {example.view_id !== null && <> · of view <a href={viewHref(example.view_id)}>{example.view_id}</a></>}
        {example.origin !== null && <> · from {example.origin}</>}
        {example.user_agent !== null && <> · {example.user_agent}</>}
      </>}
    />
  );
}
