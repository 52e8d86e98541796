/** How the node is that answers, for whoever runs it: what it is made of, how far behind it is, and what became of events. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { SYSTEM_PATH, systemState } from '../api/system';
import type { SystemState } from '../api/system';
import { DASH, age, count, countInFull, dateTimeFull, duration, oneDecimal, ratio, timeOfDay } from '../charts/format';
import { COURSES, INTAKE, bytesText, fatesOf, minutesOf, ratePerS, sumOf } from '../charts/system';
import type { CourseName } from '../charts/system';
import { HistoryChart, HistoryTable } from '../panels/HistoryChart';
import { address, oneOf } from '../router';
import { isOwner, NotAllowed } from '../ui/Allowed';
import { Glyph } from '../ui/Glyph';
import { Choices, Panel, ShapeSwitch, panelShape } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { Thing } from '../ui/Thing';
import { useAnswer, useLive } from '../ui/hooks';
import { now } from '../ui/ticker';

export function SystemPage(): JSX.Element {
  useEffect(() => {
    document.title = 'System health · Playhead';
  }, []);
  return isOwner() ? <Whole /> : (
    <>
      <div class="page-head"><h1 tabIndex={-1}>System health</h1></div>
      <Panel id="parts" title="This node"><NotAllowed what="Seeing how the system is, for all environments at once," needs="owner" whole /></Panel>
    </>
  );
}

function Whole(): JSX.Element {
  const [round, setRound] = useState(0);
  const source = useAnswer(String(round), systemState);
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>System health</h1>
        <p class="as-of"><span class="note">As of {timeOfDay(source.askedAtMs)}, of the node that answers</span><button type="button" class="button" id="refresh" title="r" onClick={() => setRound(round + 1)}>Refresh</button></p>
      </div>
      <section class="tiles-frame tiles-frame-plain" id="figures" aria-label="Figures">
        <StateGate source={source} what="how the system is">{(state) => <Tiles state={state} />}</StateGate>
      </section>
      {source.data.status === 'ready' && <Panels state={source.data.value} />}
    </>
  );
}

/** All panels are one answer, which owners alone are given. */
const ASKED = [{ what: 'All of this page', path: SYSTEM_PATH }];

function Panels({ state }: { state: SystemState }): JSX.Element {
  return (
    <>
      <div class="two-panels"><Parts state={state} /><Storage state={state} /></div>
      <Hour state={state} />
      <Fates state={state} />
    </>
  );
}

function Tiles({ state: { ready, draining, log, course, counters, quarantined } }: { state: SystemState }): JSX.Element {
  // The age of data is the live connection's, like that in the head of the page.
  const { heartbeat } = useLive().link.value;
  const dataAgeMs = heartbeat && heartbeat.dataAgeMs + Math.max(0, now.value - heartbeat.atMs);
  const lag = log.partitions.reduce((sum, partition) => sum + partition.lag, 0);
  const fate = (name: string): number => sumOf(counters, INTAKE, { fate: name });
  const lost = fate('rejected') + fate('shed');
  return (
    <dl class="tiles">
      <div class="tile" data-tone={ready ? 'ok' : 'bad'}><dt>State</dt><dd class="tile-value tile-state" data-tone={ready ? 'ok' : 'bad'}><Glyph shape={ready ? 'check' : 'octagon'} /> {draining ? 'Stopping' : ready ? 'Ready' : 'Not ready'}</dd><dd class="tile-detail">{ready ? 'takes beacons' : 'refuses beacons'}</dd></div>
      <div class="tile"><dt>Data age</dt><dd class="tile-value">{age(dataAgeMs)}</dd><dd class="tile-detail">of what is live</dd></div>
      <div class="tile"><dt>Waiting in the log</dt><dd class="tile-value" title={countInFull(lag)}>{count(lag)}</dd><dd class="tile-detail">records not stored yet</dd></div>
      <div class="tile"><dt>Intake</dt><dd class="tile-value">{rateText(ratePerS(course))}<span class="unit"> /s</span></dd><dd class="tile-detail">events, last minute</dd></div>
      <div class="tile"><dt>Not taken in</dt><dd class="tile-value" title={countInFull(lost)}>{count(lost)}</dd><dd class="tile-detail">{count(fate('rejected'))} rejected, {count(fate('shed'))} shed</dd></div>
      <div class="tile"><dt>Quarantine</dt><dd class="tile-value">{count(quarantined)}</dd><dd class="tile-detail">records ever</dd></div>
    </dl>
  );
}

const rateText = (rate: number | undefined): string => (rate === undefined ? DASH : rate < 100 ? oneDecimal(rate) : count(Math.round(rate)));

function Parts({ state: { parts, log, clickhouse, version, roles, started_ms: startedMs, now_ms: nowMs } }: { state: SystemState }): JSX.Element {
  const about: Partial<Record<string, JSX.Element>> = {
    log: <>{log.host}{log.bytes !== null && <>, {bytesText(log.bytes)} on the disk</>}, {ratio(log.room)} of its room free{log.partitions.map(({ partition, end, processed, lag }) => <span key={partition}> · partition {partition}: at {countInFull(end)}, stored up to {countInFull(processed)}{lag > 0 && `, ${countInFull(lag)} behind`}</span>)}</>,
    control: <>keys, tokens, people</>,
    clickhouse: <>{clickhouse.host}{clickhouse.version !== null && `, ${clickhouse.version}`}; while it is away, the log keeps what comes in</>,
  };
  return (
    <Panel id="parts" title="Parts" note={<>Playhead {version} ({roles.join(', ')}), up for {duration(nowMs - startedMs)}, <time dateTime={new Date(startedMs).toISOString()}>since {dateTimeFull(startedMs)}</time></>} class="panel-things"
      actions={<PanelMenu title="Parts" about={[]} asked={[...ASKED, { what: 'Readiness', path: '/readyz' }]} rows={() => [['part', 'problem'], ...parts.map(({ name, problem }) => [name, problem])]} />}>
      <ul class="things">
        {parts.map(({ name, problem, decides }) => (
          <Thing
            key={name} head={<span class="verdict-mark" data-tone={problem === null ? 'ok' : decides ? 'bad' : 'warn'}><Glyph shape={problem === null ? 'check' : decides ? 'octagon' : 'triangle'} /> <strong>{NAMES[name] ?? name}</strong> {problem === null ? 'works' : 'does not work'}</span>}
            facts={<>{problem !== null && <>{problem} · </>}{about[name]}</>}
          />
        ))}
      </ul>
    </Panel>
  );
}

const NAMES: Partial<Record<string, string>> = { log: 'Log', control: 'Control data', clickhouse: 'ClickHouse' };

function Storage({ state: { clickhouse: { tables, disk } } }: { state: SystemState }): JSX.Element {
  return (
    <Panel id="storage" title="Stored" note={disk === null ? 'ClickHouse does not answer' : `${bytesText(disk.free_bytes)} of ${bytesText(disk.total_bytes)} are free on its disk`} class="panel-things"
      actions={<PanelMenu title="Stored" about={[]} asked={ASKED} rows={() => [['table', 'rows', 'bytes', 'parts'], ...tables.map(({ table, rows, bytes, parts }) => [table, rows, bytes, parts])]} />}>
      {disk === null ? <div class="state" data-state="error"><p>What is stored is not known until it does.</p></div> : <div class="scroll" tabIndex={0} role="region" aria-label="Tables, rows">
        <table class="system-table">
          <thead><tr><th scope="col">Table</th><th scope="col" class="num">Rows</th><th scope="col" class="num">Size</th><th scope="col" class="num" title="Files that are merged in the background">Parts</th></tr></thead>
          <tbody>{tables.map(({ table, rows, bytes, parts }) => <tr key={table}><th scope="row">{table}</th><td class="num" title={countInFull(rows)}>{count(rows)}</td><td class="num">{bytesText(bytes)}</td><td class="num">{countInFull(parts)}</td></tr>)}</tbody>
        </table>
      </div>}
    </Panel>
  );
}

const COURSE_WORDS: Record<CourseName, string> = { accepted: 'Taken in', stored: 'Stored', refused: 'Not taken in', lag: 'Waiting' };

function Hour({ state: { course, now_ms: nowMs } }: { state: SystemState }): JSX.Element {
  const what = oneOf(address.value, 'course', COURSES, 'accepted');
  const rows = minutesOf(course, what);
  const title = what === 'lag' ? 'Records waiting in the log, by minute' : `Events by minute: ${COURSE_WORDS[what].toLowerCase()}`;
  const shown = { of: { label: COURSE_WORDS[what], unit: 'count', direction: 'neither' } as const, rows, step: 'minute' as const, compared: false, title };
  const frame = { fromS: rows[0]?.atS ?? nowMs / 1_000 - 60, toS: nowMs / 1_000 };
  return (
    <Panel id="hour" title={title} note="The last hour, as far as this node has run" class="panel-chart"
      actions={<>
        <Choices label="What is shown" param="course" options={COURSES} fallback="accepted" words={COURSE_WORDS} />
        <ShapeSwitch param="hour" what="the last hour" />
        <PanelMenu title="Last hour" about={[COURSE_WORDS[what]]} asked={ASKED} hasPicture={panelShape('hour') === 'chart'} rows={() => [['at_utc', 'accepted_per_s', 'rejected_per_s', 'shed_per_s', 'stored_per_s', 'lag_records'], ...course.map((point) => [new Date(point.at_ms).toISOString(), point.accepted_per_s, point.rejected_per_s, point.shed_per_s, point.stored_per_s, point.lag_records])]} />
      </>}
    >
      {rows.length < 2 ? <div class="state" data-state="empty"><p>The first minutes are still being counted. Refresh in a moment.</p></div>
        : panelShape('hour') === 'table' ? <HistoryTable {...shown} /> : <HistoryChart {...shown} frame={frame} still />}
    </Panel>
  );
}

function Fates({ state: { counters } }: { state: SystemState }): JSX.Element {
  const fates = fatesOf(counters);
  return (
    <Panel id="fates" title="What became of it, since the start" note="All environments. The same counters stand under /metrics of the admin address, for your monitoring" class="panel-things"
      actions={<PanelMenu title="Counters" about={[]} asked={ASKED} rows={() => [['counter', 'labels', 'value'], ...counters.map(({ name, labels, value }) => [name, Object.entries(labels).map(([label, word]) => `${label}=${word}`).join(' '), value])]} />}
    >
      {fates.length === 0 ? <div class="state" data-state="empty"><p>Nothing has come in since this node was started.</p></div> : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Counters, rows">
          <table class="system-table fates">
            <thead><tr><th scope="col">Where</th><th scope="col">What</th><th scope="col" class="num">Count</th></tr></thead>
            <tbody>{fates.map(({ stage, what, value }, i) => <tr key={`${stage}${what}`}><th scope="row">{fates[i - 1]?.stage === stage ? <span class="visually-hidden">{stage}</span> : stage}</th><td>{what}</td><td class="num" title={countInFull(value)}>{count(value)}</td></tr>)}</tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
