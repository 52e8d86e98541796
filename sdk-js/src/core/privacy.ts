/**
 * What may be said about whom. Nothing is stored and no identifier is made up: a view id lives and dies with its
 * view. What the site itself hands over is sent, unless the viewer's browser asks not to be followed.
 */

import type { CustomValue, ViewData } from './wire';

const LONGEST_TEXT = 1_000;
/** Facts that could tell one person from another, or what a person was reading. */
const PERSONAL = /^(viewer_id|session_id|page_url|custom)$/;

/** The browser sends Global Privacy Control or Do Not Track. */
export function asksForPrivacy(): boolean {
  const { doNotTrack, globalPrivacyControl } = navigator as Navigator & { globalPrivacyControl?: boolean };
  return globalPrivacyControl || doNotTrack === '1';
}

/** `data` as it may be sent: bounded, of the types the wire knows, and impersonal if that was asked for. */
export function permitted(data: ViewData, impersonal?: boolean): ViewData {
  const facts: ViewData = {};
  for (const name of Object.keys(data)) {
    if (impersonal && PERSONAL.test(name)) continue;
    const value = data[name];
    // The one fact that is a record: the site's own dimensions.
    const clean = name === 'custom' && typeof value === 'object' ? (permitted(value) as typeof value) : scalar(value);
    if (clean !== undefined) facts[name] = clean;
  }
  return facts;
}

function scalar(value: unknown): CustomValue | undefined {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  return typeof value === 'boolean' || (typeof value === 'number' && isFinite(value)) ? value : undefined;
}
