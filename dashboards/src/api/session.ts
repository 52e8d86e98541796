/** Who is looking: the session behind the HttpOnly cookie. */
import { signal } from '@preact/signals';
import { ApiError, explain, getJson, request } from './client';

export interface Environment {
  id: string;
  name: string;
  ingest_key: string;
}

interface SessionAnswer {
  environments: Environment[];
  environment: string;
  scopes: string[];
}

export type Session =
  | { status: 'unasked' }
  | { status: 'loading' }
  | { status: 'none' }
  | { status: 'open'; environment: Environment; scopes: string[] }
  | { status: 'error'; message: string };

export const session = signal<Session>({ status: 'unasked' });

export async function loadSession(): Promise<void> {
  session.value = { status: 'loading' };
  try {
    const answer = await getJson<SessionAnswer>('/session');
    const environment = answer.environments.find((item) => item.id === answer.environment) ?? answer.environments[0];
    session.value = environment === undefined
      ? { status: 'error', message: 'This account has no environment.' }
      : { status: 'open', environment, scopes: answer.scopes };
  } catch (error) {
    session.value = error instanceof ApiError && error.status === 401
      ? { status: 'none' }
      : { status: 'error', message: explain(error) };
  }
}

export type Credentials = { code: string } | { email: string; password: string };

export async function signIn(credentials: Credentials): Promise<void> {
  await request('/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  await loadSession();
}

export async function acceptInvitation(code: string, password: string): Promise<void> {
  await request('/session/invitation', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code, password }),
  });
  await loadSession();
}

export async function signOut(): Promise<void> {
  await request('/session', { method: 'DELETE' });
  session.value = { status: 'none' };
}
