/** The front door: options in, a handle out. */

import { guarded } from './core/guard';
import type { ErrorReport, ViewData } from './core/wire';
import { handleOf, type Handle } from './handle';
import { openSession } from './session';

export type { Handle } from './handle';

export interface MonitorOptions {
  /** The environment's public ingest key. */
  key: string;
  /** Origin of the collector. Default: where the script came from, or the page's own origin. */
  endpoint?: string;
  /** Path of the intake. Default `/in`. */
  prefix?: string;
  /** What is known about the video and its viewer. */
  data?: ViewData;
  /** How often totals are sent while playback is wanted, unless the collector says otherwise. Default 10,000. */
  heartbeatMs?: number;
  /** Send nothing personal when the browser sends GPC or DNT. Default true. */
  respectPrivacySignals?: boolean;
  /** The share of views to measure, 0 to 1: each as a whole or not at all. Told with the view. Default 1. */
  sampleRate?: number;
  /** `performance.now()` when the page began to set its player up; with it, player start-up is measured. */
  playerInitTime?: number;
  /** Your words for an error, or `null` for one that is none. */
  translateError?: (error: ErrorReport) => Partial<ErrorReport> | null;
}

const handles = new WeakMap<HTMLMediaElement, Handle>();

/**
 * Begins to follow `media`. Called again for the same element, it answers with the handle it gave before. Where
 * measuring cannot even begin, the handle's calls go nowhere.
 */
export function monitor(media: HTMLMediaElement, options: MonitorOptions): Handle {
  const known = handles.get(media);
  if (known) return known;
  const session = guarded(openSession)(media, options, () => handles.delete(media));
  const handle = handleOf(session);
  if (session) handles.set(media, handle);
  return handle;
}
