/** Who is looking: the session behind the HttpOnly cookie. */
import { signal } from '@preact/signals';
import { ApiError, explain, getJson, send } from './client';

export interface Environment {
  id: string;
  name: string;
  ingest_key: string;
}

export type Role = 'viewer' | 'editor' | 'admin' | 'owner';
export type Scope = 'read' | 'sql' | 'write' | 'admin';

/** Whose session it is, and what it may do. */
export interface Who {
  /** Null when the printed link opened it. */
  email: string | null;
  role: Role;
  scopes: Scope[];
}

interface SessionAnswer extends Who {
  environments: Environment[];
  environment: string;
}

export type Session =
  | { status: 'unasked' }
  | { status: 'loading' }
  | { status: 'none' }
  | { status: 'open'; environment: Environment; environments: Environment[]; who: Who }
  | { status: 'error'; message: string };

export const session = signal<Session>({ status: 'unasked' });

export async function loadSession(): Promise<void> {
  session.value = { status: 'loading' };
  try {
    session.value = opened(await getJson<SessionAnswer>('/session'));
  } catch (error) {
    session.value = error instanceof ApiError && error.status === 401
      ? { status: 'none' }
      : { status: 'error', message: explain(error) };
  }
}

function opened({ environments, environment: id, ...who }: SessionAnswer): Session {
  const environment = environments.find((item) => item.id === id) ?? environments[0];
  return environment === undefined
    ? { status: 'error', message: 'This account has no environment.' }
    : { status: 'open', environment, environments, who };
}

/** Asks again without leaving the page: a name or a role has changed. */
export async function refreshSession(): Promise<void> {
  session.value = opened(await getJson<SessionAnswer>('/session'));
}

/** Looks at another environment from now on. */
export async function turnTo(environment: string): Promise<void> {
  await send('PUT', '/session', { environment });
  await refreshSession();
}

export type Credentials = { code: string } | { email: string; password: string };

export async function signIn(credentials: Credentials): Promise<void> {
  await send('POST', '/session', credentials);
  await loadSession();
}

export async function acceptInvitation(code: string, password: string): Promise<void> {
  await send('POST', '/session/invitation', { code, password });
  await loadSession();
}

export async function signOut(): Promise<void> {
  await send('DELETE', '/session');
  session.value = { status: 'none' };
}
