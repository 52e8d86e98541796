/** What Settings asks and changes: keys, tokens, people, environments, erasures. Shapes as in schema/openapi.json; times are Unix ms. */
import { getJson, send } from './client';
import type { Environment, Role, Scope } from './session';

const BASE = '/data/v1';
const at = (place: string, id: string): string => `${BASE}/${place}/${encodeURIComponent(id)}`;

/** Lists of control data come whole. */
const list = <T>(place: string) => async (signal: AbortSignal): Promise<T[]> => (await getJson<{ data: T[] }>(`${BASE}/${place}`, signal)).data;

export interface KeySettings {
  name: string;
  /** Empty is any. */
  origins: string[];
  /** Null is no limit. */
  events_per_s: number | null;
}

export interface IngestKey extends KeySettings {
  ingest_key: string;
  created_ms: number;
  last_used_ms: number | null;
  replaced_by: string | null;
  retired_ms: number | null;
}

export const ingestKeys = list<IngestKey>('ingest-keys');
export const createKey = (wish: KeySettings): Promise<IngestKey> => send('POST', `${BASE}/ingest-keys`, wish);
export const changeKey = (key: string, wish: KeySettings): Promise<IngestKey> => send('PUT', at('ingest-keys', key), wish);
export const rotateKey = (key: string): Promise<IngestKey> => send('POST', `${at('ingest-keys', key)}/rotate`);
export const retireKey = (key: string): Promise<undefined> => send('DELETE', at('ingest-keys', key));

export interface Token {
  id: string;
  name: string;
  scopes: Scope[];
  created_ms: number;
  expires_ms: number | null;
  last_used_ms: number | null;
  revoked_ms: number | null;
}

/** The only time its secret is told. */
export interface NewToken {
  id: string;
  secret: string;
  name: string;
  scopes: Scope[];
}

export const tokens = list<Token>('tokens');
export const createToken = (wish: { name: string; scopes: Scope[]; expires_ms?: number }): Promise<NewToken> => send('POST', `${BASE}/tokens`, wish);
export const revokeToken = (id: string): Promise<undefined> => send('DELETE', at('tokens', id));

export interface Membership {
  role: Role;
  /** Ids; none for an owner, who sees all. */
  environments: string[];
}

export interface Person extends Membership {
  email: string;
  created_ms: number;
  last_sign_in_ms: number | null;
}

export interface Invitation extends Membership {
  id: string;
  email: string;
  expires_ms: number;
}

/** The only time its link is told. */
export interface NewInvitation extends Invitation {
  path: string;
}

export const people = list<Person>('people');
export const changePerson = (email: string, wish: Membership): Promise<Person> => send('PUT', at('people', email), wish);
export const removePerson = (email: string): Promise<undefined> => send('DELETE', at('people', email));
export const invitations = list<Invitation>('invitations');
export const invite = (wish: Membership & { email: string }): Promise<NewInvitation> => send('POST', `${BASE}/invitations`, wish);
export const withdrawInvitation = (id: string): Promise<undefined> => send('DELETE', at('invitations', id));

export interface OpenSession {
  id: string;
  email: string | null;
  device: string;
  created_ms: number;
  expires_ms: number;
  last_used_ms: number | null;
  is_this: boolean;
}

export const sessions = list<OpenSession>('sessions');
export const endSession = (id: string): Promise<undefined> => send('DELETE', at('sessions', id));
export const changePassword = (wish: { old: string; new: string }): Promise<undefined> => send('PUT', '/session/password', wish);

export interface Tenant extends Environment {
  created_ms: number;
  retention_days: number;
}

export const tenant = (id: string) => (signal: AbortSignal): Promise<Tenant> => getJson(at('environments', id), signal);
export const changeTenant = (id: string, wish: { name?: string; retention_days?: number }): Promise<Tenant> => send('PATCH', at('environments', id), wish);

/** With a token of its own, whose secret is told this once. */
export interface NewEnvironment {
  id: string;
  ingest_key: string;
  token: { id: string; secret: string };
}
export const createEnvironment = (name: string): Promise<NewEnvironment> => send('POST', `${BASE}/environments`, { name });

export interface Receipt {
  id: string;
  /** The viewer's id is forgotten with the viewer. */
  viewer_sha256: string;
  requested_ms: number;
  requested_by: string;
  finished_ms: number | null;
  views: number;
  view_rows: number;
  event_rows: number;
  /** What still has to happen, in words. */
  pending: string[];
}

export const receipts = list<Receipt>('erasures');
export const receipt = (id: string): Promise<Receipt> => getJson(at('erasures', id));
export const eraseViewer = (viewerId: string): Promise<Receipt> => send('DELETE', at('viewers', viewerId));
export const EXPORT_PATH = `${BASE}/export`;

export interface ViewerToken {
  token: string;
  /** Unix seconds. */
  expires_at: number;
}

export const signViewerCount = async (video_id: string, lifetime_s: number): Promise<ViewerToken> =>
  (await send<{ data: ViewerToken }>('POST', `${BASE}/viewer-tokens`, { video_id, lifetime_s })).data;
export const endViewerCounts = (): Promise<undefined> => send('DELETE', `${BASE}/viewer-tokens`);
