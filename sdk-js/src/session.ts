/** One element and its views, one after the other, for as long as it is monitored. */

import { now } from './core/clock';
import { guarded } from './core/guard';
import { collectorAt, PageEvent, type Collector } from './core/page';
import { beat, end, woke } from './core/playback';
import { asksForPrivacy, permitted } from './core/privacy';
import { learn, say } from './core/say';
import { add } from './core/sender';
import { openView, type View } from './core/view';
import type { ViewData } from './core/wire';
import { withoutSecrets } from './observe/error';
import type { MonitorOptions } from './monitor';
import { follow } from './players/html5';
import { VERSION } from './version';

const DEFAULT_HEARTBEAT_MS = 10_000;
/** Faster would be a burden on the collector for figures no one can read. */
const FASTEST_HEARTBEAT_MS = 1_000;

export interface Session {
  readonly _media: HTMLMediaElement;
  readonly _options: MonitorOptions;
  readonly _collector: Collector;
  /** The viewer's browser asks not to be followed. */
  readonly _impersonal: boolean;
  /** Listens to the life of the page. */
  readonly _report: (what: PageEvent) => void;
  _view: View;
  /** Stops following the element. */
  _letGo: () => void;
  _over?: boolean;
}

let pageLoadTold = false;

/** Opens a session with its first view. May throw, where the page is not one. */
export function openSession(media: HTMLMediaElement, options: MonitorOptions): Session {
  const { key, endpoint = location.origin, prefix = '/in', respectPrivacySignals = true, playerInitTime } = options;
  const collector = collectorAt(`${endpoint}${prefix}/${encodeURIComponent(key)}`);
  const session: Session = {
    _media: media,
    _options: options,
    _collector: collector,
    _impersonal: respectPrivacySignals && asksForPrivacy(),
    _report: guarded((what) => onPage(session, what)),
  } as Session;
  begin(session, options.data, playerInitTime);
  collector._reporters.push(session._report);
  return session;
}

/** Opens a view. */
export function begin(session: Session, data?: ViewData, playerInitTime?: number): void {
  const { heartbeatMs, sampleRate = 1, translateError = (error) => error } = session._options;
  // What is no number measures everything.
  const chosen = !(Math.random() >= sampleRate);
  const view = (session._view = openView(
    session._media,
    (event) => chosen && add(session._collector, view, event),
    () => session._collector._heartbeatMs || Math.max(FASTEST_HEARTBEAT_MS, heartbeatMs || DEFAULT_HEARTBEAT_MS),
    translateError,
  ));
  if (!pageLoadTold) view._totals.page_load_ms = now();
  pageLoadTold = true;
  if (playerInitTime! >= 0) view._totals.player_startup_ms = Math.max(0, now() - Math.round(playerInitTime!));
  const facts: ViewData = {
    sdk: `playhead-js/${VERSION}`,
    player_software: 'html5',
    page_url: withoutSecrets(location.href),
  };
  if (sampleRate < 1) facts.sample_rate = sampleRate;
  learn(view, permitted(Object.assign(facts, data), session._impersonal));
  say(view, 'viewinit');
  session._letGo = follow(session._media, view);
}

/** Closes the present view. */
export function finish(session: Session): void {
  session._letGo();
  end(session._view);
}

/** Closes the session, once. */
export function close(session: Session): void {
  const { _collector: collector } = session;
  if (!session._over) finish(session);
  session._over = true;
  collector._reporters = collector._reporters.filter((reporter) => reporter !== session._report);
}

function onPage(session: Session, what: PageEvent): void {
  const { _view: view } = session;
  if (what === PageEvent.Restored) woke(view);
  else if (what === PageEvent.Left) close(session);
  else beat(view);
}
