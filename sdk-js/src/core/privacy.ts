/**
 * What may be said about whom. Nothing is stored and no identifier is made up: a view id lives and dies with its
 * view. What the site itself hands over is sent, unless the viewer's browser asks not to be followed.
 */

import { withoutSecrets } from '../observe/error';
import type { CustomValue, ViewData } from './wire';

const LONGEST_TEXT = 1_000;
/** Facts that could tell one person from another, or what a person was reading. */
const PERSONAL = ['viewer_id', 'session_id', 'page_url', 'custom'];

/** The browser sends Global Privacy Control or Do Not Track. */
export function asksForPrivacy(): boolean {
  const { doNotTrack, globalPrivacyControl } = navigator as Navigator & { globalPrivacyControl?: boolean };
  return globalPrivacyControl === true || doNotTrack === '1';
}

/** `data` as it may be sent: bounded, of the types the wire knows, and impersonal if that was asked for. */
export function permitted(data: ViewData, impersonal: boolean): ViewData {
  const facts: ViewData = {};
  for (const [name, value] of Object.entries(data)) {
    if (impersonal && PERSONAL.indexOf(name) >= 0) continue;
    const clean = isRecord(value) ? plain(value) : scalar(value);
    if (clean !== undefined) facts[name] = clean;
  }
  return facts;
}

/** The entries of a flat record that are worth sending. */
export function plain(record: Record<string, unknown>): Record<string, CustomValue> {
  const entries: Record<string, CustomValue> = {};
  for (const [name, value] of Object.entries(record)) {
    const clean = scalar(value);
    if (clean !== undefined) entries[name] = clean;
  }
  return entries;
}

/** The page's address without what may hold names and tokens. */
export function pageUrl(): string {
  return withoutSecrets(location.href);
}

function scalar(value: unknown): CustomValue | undefined {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  if (typeof value === 'boolean') return value;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
