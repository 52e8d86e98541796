/** SQL over HTTP: a statement, what it may name, and the queries people keep for one another. */
import { ApiError, explain, getJson, request } from './client';

export interface Column {
  name: string;
  type: string;
}

/** Numbers of 64 bits and decimals come as texts; lists and maps as they are. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

export interface Answer {
  query_id: string;
  columns: Column[];
  rows: Value[][];
  truncated: boolean;
  cost: { read_rows: number; read_bytes: number; elapsed_ms: number };
}

export interface SchemaTable {
  name: string;
  columns: (Column & { comment: string })[];
}

export interface Schema {
  database: string;
  tables: SchemaTable[];
  functions: string[];
  limits: { seconds: number; memory_bytes: number; read_rows: number; result_rows: number; threads: number; at_once: number; rows_on_screen: number };
  port: number;
}

export interface Saved {
  id: string;
  name: string;
  query: string;
  created_by: string;
}

/** Why a statement has no answer: `kind` is the API's word for it. */
export interface Failure {
  kind: string;
  /** As ClickHouse writes it. */
  text: string;
  /** ClickHouse's number and name of the error. */
  code: string | undefined;
  /** Where in the statement, in characters. */
  place: { begin: number; end: number } | undefined;
}

const asJson = { 'Content-Type': 'application/json' };
const SAVED = '/data/v1/sql/saved';

export async function runStatement(query: string, parameters: Record<string, string>, queryId: string, signal: AbortSignal): Promise<Answer> {
  const body = JSON.stringify({ query, parameters, query_id: queryId });
  const response = await request('/data/v1/sql', { method: 'POST', headers: asJson, body, signal });
  return (await response.json()) as Answer;
}

/** Goes out also when the page is being left. */
export const cancelStatement = async (queryId: string): Promise<void> => {
  await request(`/data/v1/sql/${encodeURIComponent(queryId)}`, { method: 'DELETE', keepalive: true });
};

export const loadSchema = (signal: AbortSignal): Promise<Schema> => getJson('/data/v1/sql/schema', signal);

export const loadSaved = async (signal: AbortSignal): Promise<Saved[]> => (await getJson<{ data: Saved[] }>(SAVED, signal)).data;

/** Keeps a query under a new name, or anew under the one it has. */
export async function keepQuery(name: string, query: string, id?: string): Promise<Saved> {
  const path = id === undefined ? SAVED : `${SAVED}/${id}`;
  const response = await request(path, { method: id === undefined ? 'POST' : 'PUT', headers: asJson, body: JSON.stringify({ name, query }) });
  return (await response.json()) as Saved;
}

export const deleteQuery = async (id: string): Promise<void> => {
  await request(`${SAVED}/${id}`, { method: 'DELETE' });
};

interface StatementProblem {
  code?: string;
  statement?: { code: number; name: string; place: { begin: number; end: number } | null };
}

export function failureOf(error: unknown): Failure {
  const problem: StatementProblem = error instanceof ApiError ? (error.problem ?? {}) : {};
  const { statement } = problem;
  if (statement === undefined) return { kind: problem.code ?? 'unreachable', text: explain(error), code: undefined, place: undefined };
  const text = error instanceof Error ? error.message : String(error);
  return { kind: problem.code ?? '', text, code: `${statement.code} ${statement.name}`.trim(), place: statement.place ?? undefined };
}
