/** What the views of one media element have in common with their page. */

import { now } from './core/clock';
import { guarded } from './core/guard';
import { collectorAt, PageEvent } from './core/page';
import { beat, end, woke } from './core/playback';
import { asksForPrivacy, permitted } from './core/privacy';
import { learn, say } from './core/say';
import { add } from './core/sender';
import { openView } from './core/view';
import type { ViewData } from './core/wire';
import { close, type Session } from './handle';
import type { MonitorOptions } from './monitor';
import { withoutSecrets } from './observe/error';
import { follow } from './players/html5';
import { VERSION } from './version';

const DEFAULT_HEARTBEAT_MS = 10_000;
/** Faster would be a burden on the collector for figures no one can read. */
const FASTEST_HEARTBEAT_MS = 1_000;

let pageLoadTold = false;

/** Opens a session with its first view. May throw, where the page is not one. */
export function openSession(media: HTMLMediaElement, options: MonitorOptions, forget: () => void): Session {
  const { key, endpoint = location.origin, prefix = '/in', heartbeatMs, sampleRate = 1 } = options;
  const { data: firstData, respectPrivacySignals = true, playerInitTime, translateError = (error) => error } = options;
  const collector = collectorAt(`${endpoint}${prefix}/${encodeURIComponent(key)}`);
  let letGo: () => void;

  const session = {
    _impersonal: respectPrivacySignals && asksForPrivacy(),
    _begin(data) {
      // What is no number measures everything.
      const chosen = !(Math.random() >= sampleRate);
      const view = (session._view = openView(
        media,
        (event) => chosen && add(collector, view, event),
        () => collector._heartbeatMs || Math.max(FASTEST_HEARTBEAT_MS, heartbeatMs || DEFAULT_HEARTBEAT_MS),
        translateError,
      ));
      const facts: ViewData = {
        sdk: `playhead-js/${VERSION}`,
        player_software: 'html5',
        page_url: withoutSecrets(location.href),
      };
      if (sampleRate < 1) facts.sample_rate = +sampleRate;
      learn(view, permitted(Object.assign(facts, data), session._impersonal));
      letGo = follow(media, view);
    },
    _finish() {
      letGo();
      end(session._view);
    },
    _forget() {
      collector._reporters = collector._reporters.filter((reporter) => reporter !== onPage);
      forget();
    },
  } as Session;

  const onPage = guarded((what: PageEvent) => {
    if (what === PageEvent.Restored) woke(session._view);
    else if (what === PageEvent.Left) close(session);
    else beat(session._view);
  });

  session._begin(firstData);
  const { _totals: totals } = session._view;
  if (!pageLoadTold) totals.page_load_ms = now();
  pageLoadTold = true;
  if (playerInitTime! >= 0) totals.player_startup_ms = Math.max(0, now() - Math.round(playerInitTime!));
  say(session._view, 'viewinit');
  collector._reporters.push(onPage);
  return session;
}
