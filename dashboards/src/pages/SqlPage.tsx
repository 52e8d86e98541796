/** SQL: a statement, what it may name, its answer, and what it took. The statement is part of the address; a link runs nothing by itself. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { cancelStatement, failureOf, loadSaved, loadSchema, runStatement } from '../api/sql';
import type { Saved, Schema } from '../api/sql';
import { countInFull, duration } from '../charts/format';
import { SqlEditor } from '../panels/SqlEditor';
import { SqlResult, bytesText, costText } from '../panels/SqlResult';
import type { Run } from '../panels/SqlResult';
import { SqlSaved, SqlSchema } from '../panels/SqlSide';
import { address, navigate, withParam } from '../router';
import { cells, drawingOf, portCall } from '../sql/shape';
import { parametersOf, unitsBefore } from '../sql/words';
import type { Parameter } from '../sql/words';
import { CopyButton } from '../ui/CopyButton';
import { Panel, ShapeSwitch } from '../ui/Panel';
import { csv, download, fileName } from '../ui/export';
import { useAnswer } from '../ui/hooks';

const FIRST = `SELECT toStartOfHour(view_start) AS hour, count() AS views, countIf(rebuffer_count > 0) AS rebuffered
FROM views
WHERE view_start >= now() - INTERVAL 1 DAY
GROUP BY hour
ORDER BY hour`;
/** The address holds still while somebody types. */
const ADDRESS_AFTER_MS = 400;
/** Longer ones make no address that travels. */
const LONGEST_IN_ADDRESS = 6_000;

export function SqlPage(): JSX.Element {
  const [text, setText] = useState(() => address.value.params.get('query') ?? FIRST);
  const [values, setValues] = useState<Record<string, string>>(valuesInAddress);
  const [opened, setOpened] = useState<Saved | undefined>(undefined);
  const schema = useAnswer('schema', loadSchema);
  const saved = useAnswer('saved', loadSaved);
  const known = schema.data.status === 'ready' ? schema.data.value : undefined;
  const parameters = parametersOf(text);
  const given = Object.fromEntries(parameters.map(({ name }) => [name, values[name] ?? '']));
  const { run, start, stop } = useRun(text, given);
  useEffect(() => {
    document.title = 'SQL · Playhead';
  }, []);
  useAddress(text, given);
  const spoken = run.status === 'done' ? costText(run.answer) : run.status === 'failed' ? 'The statement failed.' : run.status === 'cancelled' ? 'Cancelled.' : '';
  const wrong = run.status === 'failed' && run.query === text ? run.place : undefined;
  const write = (name: string): void => {
    const field = document.querySelector<HTMLTextAreaElement>('#sql-text');
    if (field === null) return;
    field.setRangeText(name, field.selectionStart, field.selectionEnd, 'end');
    field.focus();
    setText(field.value);
  };
  return (
    <>
      <p class="visually-hidden" role="status">{spoken}</p>
      <div class="page-head"><h1 tabIndex={-1}>SQL</h1></div>
      <div class="sql">
        <div class="sql-side">
          <SqlSchema source={schema} onName={write} />
          <SqlSaved source={saved} text={text} opened={opened} onOpen={(next) => {
            setOpened(next);
            if (next !== undefined) setText(next.query);
          }} />
        </div>
        <Panel id="sql-statement" title="Statement" class="sql-editor-panel" note={<Limits schema={known} />}>
          <SqlEditor text={text} schema={known} wrong={wrong} onText={setText} onRun={start} />
          <Parameters parameters={parameters} values={given} onValue={(name, value) => setValues({ ...values, [name]: value })} />
          <p class="sql-line">
            {run.status === 'running'
              ? <button type="button" class="button" disabled={run.stopping} onClick={stop}>Cancel</button>
              : <button type="button" class="button primary" disabled={text.trim() === ''} onClick={start}>Run</button>}
            {known !== undefined && <CopyButton text={() => portCall(text, given, location.hostname, known.port)} label="Copy as curl" what="for the SQL port" />}
            <span class="note" id="sql-keys">Ctrl or ⌘ and Enter runs, Ctrl and Space suggests</span>
          </p>
        </Panel>
        <Panel id="sql-answer" title="Answer" class="sql-result" note={run.status === 'done' ? costText(run.answer) : undefined} actions={<Actions run={run} />}>
          <SqlResult run={run} />
        </Panel>
      </div>
    </>
  );
}

function Actions({ run }: { run: Run }): JSX.Element | null {
  if (run.status !== 'done' || run.answer.rows.length === 0) return null;
  const { answer, drawing } = run;
  const save = (): void => download(fileName(['sql', answer.query_id.slice(0, 8)], 'csv'), new Blob([csv(cells(answer))], { type: 'text/csv;charset=utf-8' }));
  return (
    <>
      {drawing !== undefined && <ShapeSwitch param="shape" what="the answer" />}
      <button type="button" class="button" onClick={save}>Save CSV</button>
    </>
  );
}

function Limits({ schema }: { schema: Schema | undefined }): JSX.Element | null {
  if (schema === undefined) return null;
  const { seconds, memory_bytes, read_rows, threads, at_once, rows_on_screen } = schema.limits;
  return <>Each may read {countInFull(read_rows)} rows, take {duration(seconds * 1_000)}, {bytesText(memory_bytes)} of memory and {threads} threads; {at_once} at a time; the first {countInFull(rows_on_screen)} rows are shown</>;
}

function Parameters({ parameters, values, onValue }: { parameters: Parameter[]; values: Record<string, string>; onValue: (name: string, value: string) => void }): JSX.Element | null {
  if (parameters.length === 0) return null;
  return (
    <div class="sql-line">
      {parameters.map(({ name, type }) => (
        <label key={name}><code>{name}</code> {type}<input value={values[name] ?? ''} onInput={(event) => onValue(name, event.currentTarget.value)} /></label>
      ))}
    </div>
  );
}

const PARAMETER = 'param_';

function valuesInAddress(): Record<string, string> {
  const pairs = [...address.value.params].filter(([name]) => name.startsWith(PARAMETER));
  return Object.fromEntries(pairs.map(([name, value]) => [name.slice(PARAMETER.length), value]));
}

/** Keeps the statement and its parameters in the address, so that it can be reloaded and shared. */
function useAddress(text: string, given: Record<string, string>): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      const from = { ...address.value, params: new URLSearchParams(address.value.params) };
      for (const name of [...from.params.keys()]) if (name.startsWith(PARAMETER)) from.params.delete(name);
      for (const [name, value] of Object.entries(given)) if (value !== '') from.params.set(PARAMETER + name, value);
      const href = withParam(from, 'query', text.length > LONGEST_IN_ADDRESS ? FIRST : text, FIRST);
      if (href !== location.pathname + location.search) navigate(href, 'replace');
    }, ADDRESS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, JSON.stringify(given)]);
}

/** Browsers give no UUIDs to pages without TLS. */
const newId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** One statement at a time; it is stopped when the page is left. */
function useRun(text: string, given: Record<string, string>): { run: Run; start: () => void; stop: () => void } {
  const [run, setRun] = useState<Run>({ status: 'none' });
  const current = useRef<string | undefined>(undefined);
  const start = (): void => {
    if (current.current !== undefined || text.trim() === '') return;
    const queryId = newId();
    const [query, sinceMs] = [text, Date.now()];
    current.current = queryId;
    setRun({ status: 'running', queryId, sinceMs, stopping: false });
    void runStatement(query, given, queryId, new AbortController().signal).then(
      (answer): Run => ({ status: 'done', answer, drawing: drawingOf(answer) }),
      (error: unknown): Run => {
        const failure = failureOf(error);
        if (failure.kind === 'sql_cancelled') return { status: 'cancelled', afterMs: Date.now() - sinceMs };
        const place = failure.place === undefined ? undefined : ([failure.place.begin, failure.place.end].map((at) => unitsBefore(query, at)) as [number, number]);
        return { status: 'failed', failure, query, place };
      },
    ).then((next) => {
      if (current.current !== queryId) return;
      current.current = undefined;
      setRun(next);
    });
  };
  const stop = (): void => {
    const queryId = current.current;
    if (queryId === undefined || run.status !== 'running') return;
    setRun({ ...run, stopping: true });
    // Where it cannot be stopped it has ended, and its answer is on the way.
    void cancelStatement(queryId).catch(() => undefined);
  };
  useEffect(() => {
    const leave = (): void => {
      if (current.current !== undefined) void cancelStatement(current.current).catch(() => undefined);
      current.current = undefined;
    };
    addEventListener('pagehide', leave);
    return () => {
      removeEventListener('pagehide', leave);
      leave();
    };
  }, []);
  return { run, start, stop };
}
