/**
 * Questions about metrics that are raised at one moment and laid out alike go out as one request (`POST /data/v1/query`): a screen
 * asks a dozen at once, and those about the same views are one query to the server. A question stays its path: that is what a panel
 * shows as its call, and what it would be answered alone. What is laid out otherwise goes apart, so that nothing waits for it.
 */
import { ApiError, getJson, request } from './client';

/** The server's limit is on queries, of which a question is one at most. */
const MOST_AT_ONCE = 20;

const METRIC = /^\/data\/v1\/metrics\/([^/?]+)\/(overall|timeseries|breakdown)\?(.*)$/;

interface Chosen {
  timeframe: string[];
  filters: string[];
}

/** As the API takes it: the parameters of the path by their names. */
interface Question {
  metric: string;
  kind: string;
  selection: Chosen;
  [parameter: string]: string | number | Chosen;
}

interface Problem {
  title?: string;
  detail?: string;
  status?: number;
  request_id?: string | null;
}

interface Answers {
  data: Record<string, { answer?: unknown; problem?: Problem }>;
}

interface Waiting {
  path: string;
  question: Question;
  signal: AbortSignal;
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
}

let waiting: Waiting[] = [];

/** The answer to a path: together with what else is asked in this moment where the path is about a metric, else alone. */
export function ask<T>(path: string, signal: AbortSignal): Promise<T> {
  const question = questionOf(path);
  if (question === undefined) return getJson<T>(path, signal);
  return new Promise<T>((resolve, reject) => {
    if (waiting.length === 0) setTimeout(sendWaiting);
    waiting.push({ path, question, signal, resolve: resolve as (answer: unknown) => void, reject });
  });
}

/** Undefined for a path that is no question about a metric. */
export function questionOf(path: string): Question | undefined {
  const [, metric, kind, query] = METRIC.exec(path) ?? [];
  if (metric === undefined || kind === undefined) return undefined;
  const params = new URLSearchParams(query);
  const question: Question = {
    metric: decodeURIComponent(metric), kind,
    selection: { timeframe: params.getAll('timeframe[]'), filters: params.getAll('filters[]') },
  };
  for (const [name, value] of params) {
    if (!name.endsWith('[]')) question[name] = name === 'page' || name === 'limit' ? Number(value) : value;
  }
  return question;
}

function sendWaiting(): void {
  const wanted = waiting.filter(({ signal }) => !signal.aborted);
  waiting = [];
  const layouts = new Set(wanted.map(layoutOf));
  for (const layout of layouts) {
    const alike = wanted.filter((one) => layoutOf(one) === layout);
    for (let from = 0; from < alike.length; from += MOST_AT_ONCE) void send(alike.slice(from, from + MOST_AT_ONCE));
  }
}

/** One query can only answer what has the same steps, or is by the same dimension. */
const layoutOf = ({ question: { kind, group_by: by } }: Waiting): string => `${kind} ${typeof by === 'string' ? by : ''}`;

async function send(together: Waiting[]): Promise<void> {
  const [first] = together;
  if (first !== undefined && together.length === 1) {
    await getJson(first.path, first.signal).then(first.resolve, first.reject);
    return;
  }
  const questions = Object.fromEntries(together.map(({ question }, i) => [`q${i}`, question]));
  try {
    const response = await request('/data/v1/query', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ questions }), signal: whenAllAre(together),
    });
    const { data } = (await response.json()) as Answers;
    together.forEach(({ resolve, reject }, i) => {
      const { answer, problem } = data[`q${i}`] ?? {};
      if (answer !== undefined && answer !== null) resolve(answer);
      else reject(new ApiError(problem?.detail ?? problem?.title ?? 'The server left this question out.', problem?.status ?? 0, problem?.request_id ?? undefined));
    });
  } catch (error) {
    for (const { reject } of together) reject(error);
  }
}

/** Nobody waits any more only when none of them does. */
function whenAllAre(together: Waiting[]): AbortSignal {
  const controller = new AbortController();
  for (const { signal } of together) {
    signal.addEventListener('abort', () => {
      if (together.every((other) => other.signal.aborted)) controller.abort();
    });
  }
  return controller.signal;
}
