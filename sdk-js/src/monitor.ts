/** What the page says to the SDK: options once, and a handle from then on. */

import { guarded } from './core/guard';
import { look } from './core/look';
import { permitted } from './core/privacy';
import { learn, say } from './core/say';
import type { CustomValue, ErrorReport, ViewData } from './core/wire';
import { report } from './observe/error';
import { isSwitch } from './observe/rendition';
import { begin, close, finish, openSession, type Session } from './session';

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

/** What the page holds of a monitored element. None of its methods ever throws. */
export interface Handle {
  /** Id of the present view. */
  readonly viewId: string;
  /** Adds or changes facts; they hold from now on. */
  set(data: ViewData): void;
  /** Puts an event of the site's own into the view. */
  custom(name: string, data?: Record<string, CustomValue>): void;
  /** Reports an error the element does not know of: of the player, of the licence, of a rule. */
  error(report: Partial<ErrorReport>): void;
  /** Ends this view and begins another: call it when the element is given another video. */
  changeVideo(data?: ViewData): void;
  /** Ends the view and lets go of the element. */
  destroy(): void;
}

const handles = new WeakMap<HTMLMediaElement, Handle>();

/**
 * Begins to follow `media`. Called again for the same element, it answers with the handle it gave before. Where
 * measuring cannot even begin, the handle's calls go nowhere.
 */
export function monitor(media: HTMLMediaElement, options: MonitorOptions): Handle {
  const known = handles.get(media);
  if (known) return known;
  const session = guarded(openSession)(media, options)!;
  const handle = handleOf(session, () => handles.delete(media));
  if (session) handles.set(media, handle);
  return handle;
}

function handleOf(session: Session, onDestroy: () => void): Handle {
  return {
    get viewId() {
      return session ? session._view._id : '';
    },
    set: guarded((data) => {
      const { _view: view } = session;
      const facts = permitted(data, session._impersonal);
      const switched = isSwitch(view, facts);
      look(view);
      learn(view, facts);
      if (switched) say(view, 'renditionchange');
    }),
    custom: guarded((name, data) => {
      if (session._over) return;
      look(session._view);
      const more = Object.assign({ name }, data && !session._impersonal && { data: permitted(data) });
      say(session._view, 'custom', undefined, undefined, more);
    }),
    error: guarded((error) => {
      if (!session._over) report(session._view, error);
    }),
    changeVideo: guarded((data) => {
      if (session._over) return;
      finish(session);
      begin(session, data);
    }),
    destroy: guarded(() => {
      close(session);
      onDestroy();
    }),
  };
}
