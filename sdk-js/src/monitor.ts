/** Ties one element to one view after the other, and gives the page a handle to them. */

import { now } from './core/clock';
import { guarded } from './core/guard';
import { look } from './core/look';
import { collectorAt, PageEvent } from './core/page';
import { beat, end, woke } from './core/playback';
import { asksForPrivacy, permitted, plain } from './core/privacy';
import { learn, say } from './core/say';
import { add } from './core/sender';
import { openView, type View } from './core/view';
import type { CustomValue, ErrorReport, ViewData } from './core/wire';
import { report, withoutSecrets } from './observe/error';
import { isSwitch } from './observe/rendition';
import { follow } from './players/html5';
import { VERSION } from './version';

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
  translateError?: (error: ErrorReport) => ErrorReport | null;
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

const DEFAULT_HEARTBEAT_MS = 10_000;
/** Faster would be a burden on the collector for figures no one can read. */
const FASTEST_HEARTBEAT_MS = 1_000;

let pageLoadTold = false;

/** Follows `media` from now on. May throw, if the page is not one. */
export function startMonitoring(media: HTMLMediaElement, options: MonitorOptions, onDestroy: () => void): Handle {
  const {
    key,
    endpoint = location.origin,
    prefix = '/in',
    data: firstData,
    heartbeatMs = DEFAULT_HEARTBEAT_MS,
    respectPrivacySignals = true,
    sampleRate = 1,
    playerInitTime,
    translateError = (error: ErrorReport) => error,
  } = options;
  const impersonal = respectPrivacySignals && asksForPrivacy();
  const collector = collectorAt(`${endpoint}${prefix}/${encodeURIComponent(key)}`);
  const { _sender: sender } = collector;
  const beatEvery = (): number => sender._heartbeatMs || Math.max(FASTEST_HEARTBEAT_MS, heartbeatMs);
  let view: View;
  let letGo: () => void;
  let over = false;

  const begin = (data?: ViewData, initTime?: number): void => {
    const chosen = Math.random() < sampleRate;
    view = openView(media, (event) => chosen && add(sender, view, event), beatEvery, translateError);
    const { _totals: totals } = view;
    if (!pageLoadTold) totals.page_load_ms = now();
    pageLoadTold = true;
    if (initTime! >= 0) totals.player_startup_ms = Math.max(0, Math.round(now() - initTime!));
    const facts: ViewData = { sdk: `playhead-js/${VERSION}`, player_software: 'html5', page_url: withoutSecrets(location.href) };
    if (sampleRate < 1) facts.sample_rate = sampleRate;
    learn(view, permitted(Object.assign(facts, data), impersonal));
    say(view, 'viewinit');
    letGo = follow(media, view);
  };
  const finish = (): void => {
    letGo();
    end(view);
  };
  const leave = (): void => {
    if (!over) finish();
    over = true;
  };
  const onPage = guarded((what: PageEvent) => {
    if (what === PageEvent.Restored) woke(view);
    else if (what === PageEvent.Left) leave();
    else beat(view);
  });

  collector._reporters.push(onPage);
  begin(firstData, playerInitTime);
  return {
    get viewId() {
      return view._id;
    },
    set: guarded((data: ViewData) => {
      const facts = permitted(data, impersonal);
      const switched = isSwitch(view, facts);
      look(view);
      learn(view, facts);
      if (switched) say(view, 'renditionchange');
    }),
    custom: guarded((name: string, data?: Record<string, CustomValue>) => {
      if (over) return;
      look(view);
      say(view, 'custom', undefined, undefined, Object.assign({ name }, data && !impersonal && { data: plain(data) }));
    }),
    error: guarded((error: Partial<ErrorReport>) => {
      if (!over) report(view, error);
    }),
    changeVideo: guarded((data?: ViewData) => {
      if (over) return;
      finish();
      begin(data);
    }),
    destroy: guarded(() => {
      leave();
      collector._reporters = collector._reporters.filter((reporter) => reporter !== onPage);
      onDestroy();
    }),
  };
}
