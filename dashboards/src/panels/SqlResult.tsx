/** What became of a statement: nothing yet, running, an answer as table or chart, or why there is none. */
import type { JSX } from 'preact';
import type { Answer, Failure } from '../api/sql';
import { countInFull, duration, plural } from '../charts/format';
import type { Drawing } from '../sql/shape';
import { lineAndColumn } from '../sql/words';
import { panelShape } from '../ui/Panel';
import { now } from '../ui/ticker';
import { SqlChart } from './SqlChart';
import { SqlRows } from './SqlRows';

export type Run =
  | { status: 'none' }
  | { status: 'running'; queryId: string; sinceMs: number; stopping: boolean }
  | { status: 'done'; answer: Answer; drawing: Drawing | undefined }
  | { status: 'cancelled'; afterMs: number }
  | { status: 'failed'; failure: Failure; query: string; place: [begin: number, end: number] | undefined };

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `1.2 GB`. */
export function bytesText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** power).toLocaleString(undefined, { maximumFractionDigits: power === 0 ? 0 : 1 })} ${UNITS[power] ?? ''}`;
}

export function costText({ rows, truncated, cost }: Answer): string {
  return `${truncated ? 'First ' : ''}${plural(rows.length, 'row')} in ${duration(cost.elapsed_ms)}; read ${plural(cost.read_rows, 'row')}, ${bytesText(cost.read_bytes)}`;
}

export function SqlResult({ run }: { run: Run }): JSX.Element {
  switch (run.status) {
    case 'none':
      return (
        <div class="state" data-state="idle">
          <p class="state-title">Nothing was asked yet.</p>
          <p>Write a statement and press Run, or Ctrl and Enter. It sees this environment alone, and only reads.</p>
        </div>
      );
    case 'running':
      return <Running sinceMs={run.sinceMs} stopping={run.stopping} />;
    case 'cancelled':
      return <div class="state" data-state="cancelled"><p class="state-title">Cancelled after {duration(run.afterMs)}.</p></div>;
    case 'failed':
      return <Failed {...run} />;
    case 'done':
      return <Done answer={run.answer} drawing={run.drawing} />;
  }
}

function Running({ sinceMs, stopping }: { sinceMs: number; stopping: boolean }): JSX.Element {
  return (
    <div class="state" data-state="loading">
      <p class="state-title">{stopping ? 'Stopping' : 'Running'}</p>
      <p class="sql-elapsed">{duration(Math.max(0, now.value - sinceMs))}</p>
    </div>
  );
}

function Done({ answer, drawing }: { answer: Answer; drawing: Drawing | undefined }): JSX.Element {
  if (answer.rows.length === 0) {
    return <div class="state" data-state="empty"><p class="state-title">No rows.</p><p>{answer.columns.map(({ name }) => name).join(', ')}</p></div>;
  }
  return (
    <>
      {answer.truncated && <p class="note sql-more" data-state="truncated">These are the first {countInFull(answer.rows.length)} rows; there are more. Aggregate or filter to see all, or fetch them by the SQL port.</p>}
      {drawing !== undefined && panelShape('shape') === 'chart' ? <SqlChart drawing={drawing} /> : <SqlRows answer={answer} />}
    </>
  );
}

/** What to do about it, where the text of the error alone does not say. */
const WAYS_ON: Record<string, string> = {
  sql_refused: 'This is not for statements here: they read this environment’s tables, and nothing else.',
  sql_too_heavy: 'It would take more than a statement may. Filter by view_start, or ask for fewer columns or groups.',
  sql_result_too_large: 'The answer is too large for this page. Ask for fewer columns or rows, or fetch it by the SQL port.',
  sql_busy: 'Other statements of yours are running. Wait for one to end.',
  unreachable: 'The statement may still have run.',
};

function Failed({ failure, query, place }: { failure: Failure; query: string; place: [number, number] | undefined }): JSX.Element {
  const [line, column] = place === undefined ? [0, 0] : lineAndColumn(query, place[0]);
  return (
    <div class="sql-error" data-state="error" data-kind-of={failure.kind}>
      <p class="state-title">{failure.code === undefined ? 'No answer' : `Error ${failure.code}`}{place !== undefined && ` at line ${line}, column ${column}`}</p>
      <pre tabIndex={0} aria-label="What ClickHouse says">{failure.text}</pre>
      {WAYS_ON[failure.kind] !== undefined && <p>{WAYS_ON[failure.kind]}</p>}
    </div>
  );
}
