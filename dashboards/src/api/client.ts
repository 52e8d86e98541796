/** One way to ask the server a question over HTTP, and one kind of error for every way that can fail. */

export class ApiError extends Error {
  constructor(
    message: string,
    /** 0 when no answer came at all. */
    readonly status: number,
    readonly requestId?: string,
    /** The problem document, where there is one. */
    readonly problem?: Problem,
  ) {
    super(message);
  }
}

export interface Problem {
  code?: string;
  title?: string;
  detail?: string;
}

/** What went wrong, for a person; with the number under which the server's log has it. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = sentence(error.message);
  return error instanceof ApiError && error.requestId !== undefined ? `${said} Request ${error.requestId}.` : said;
}

/** Problems are told as the server's log has them, in lower case and without a full stop. */
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** Problem documents are RFC 9457; an answer without one (a proxy's, say) is told by its status. */
const problemOf = (response: Response): Promise<Problem> => response.json().then((body: Problem) => body, () => ({}));

export async function request(path: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { Accept: 'application/json', ...init.headers } });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError('The server could not be reached.', 0);
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    const said = problem.detail ?? problem.title ?? `The server answered ${response.status}.`;
    throw new ApiError(said, response.status, response.headers.get('x-request-id') ?? undefined, problem);
  }
  return response;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal === undefined ? {} : { signal });
  return (await response.json()) as T;
}

/** Changes something; what comes back is empty for an answer without a body. */
export async function send<T = undefined>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const content = body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const response = await request(path, { method, ...content });
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
