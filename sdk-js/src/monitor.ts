/** Ties one element to one view after the other, and gives the page a handle to them. */

import { pageClock } from './core/clock';
import { collectorAt, type Collector, type Reporter } from './core/collector';
import { guarded } from './core/guard';
import { newViewId } from './core/id';
import { Playback } from './core/playback';
import { asksForPrivacy, pageUrl, permitted, plain } from './core/privacy';
import { View } from './core/view';
import type { CustomValue, ErrorReport, EventType, ViewData } from './core/wire';
import { withoutSecrets } from './observe/error';
import { Html5Player, probeOf } from './players/html5';
import { SDK } from './version';

export interface MonitorOptions {
  /** The environment's public ingest key. */
  key: string;
  /** Origin of the collector. Default: where the script came from, or the page's own origin. */
  endpoint?: string;
  /** Path of the intake. Default `/in`. */
  prefix?: string;
  /** What is known about the video and its viewer. */
  data?: ViewData;
  /** How often totals are sent while playback is wanted. Default 10,000. */
  heartbeatMs?: number;
  /** Send nothing personal when the browser sends GPC or DNT. Default true. */
  respectPrivacySignals?: boolean;
}

/** Options with every default in place. */
export type Settings = Required<MonitorOptions>;

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

/** What need not leave at once, because nobody watching live would see a difference. */
const PATIENT = new Set<EventType>(['seeking', 'ratechange', 'renditionchange', 'custom']);

let pageLoadTold = false;

/** Begins to follow `video`. Called again for the same element it answers with the handle it gave before. */
export class Monitor implements Handle, Reporter {
  private readonly collector: Collector;
  private readonly impersonal: boolean;
  private playback!: Playback;
  private player!: Html5Player;
  private over = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly settings: Settings,
    private readonly onDestroy: () => void,
  ) {
    const { endpoint, prefix, key, respectPrivacySignals, data } = settings;
    this.impersonal = respectPrivacySignals && asksForPrivacy();
    this.collector = collectorAt(`${endpoint}${prefix}/${encodeURIComponent(key)}`);
    this.collector.reporters.add(this);
    this.begin(data);
  }

  get viewId(): string {
    return this.playback.view.id;
  }

  readonly set = guarded((data: ViewData) => {
    this.playback.look();
    this.playback.view.learn(permitted(data, this.impersonal));
  });

  readonly custom = guarded((name: string, data?: Record<string, CustomValue>) => {
    if (this.over) return;
    this.playback.look();
    this.playback.say('custom', { name, ...(data && !this.impersonal && { data: plain(data) }) });
  });

  readonly error = guarded(({ code = 'unknown', message = '', severity = 'fatal' }: Partial<ErrorReport>) => {
    if (!this.over) this.playback.failed({ code: String(code), message: withoutSecrets(message), severity });
  });

  readonly changeVideo = guarded((data: ViewData = {}) => {
    if (this.over) return;
    this.finish();
    this.begin(data);
  });

  readonly destroy = guarded(() => {
    this.left();
    this.collector.reporters.delete(this);
    this.onDestroy();
  });

  hidden(): void {
    this.playback.beat();
  }

  restored(): void {
    this.playback.woke();
  }

  left(): void {
    if (this.over) return;
    this.over = true;
    this.finish();
  }

  private begin(data: ViewData): void {
    const { sender } = this.collector;
    const view = new View(newViewId(), pageClock, (of, event) => sender.add(of, event, !PATIENT.has(event.type)));
    this.playback = new Playback(view, probeOf(this.video), pageClock, this.settings.heartbeatMs);
    this.player = new Html5Player(this.video, this.playback);
    if (!pageLoadTold) view.counters.page_load_ms = pageClock();
    pageLoadTold = true;
    view.learn(permitted({ sdk: SDK, player_software: 'html5', page_url: pageUrl(), ...data }, this.impersonal));
    this.playback.say('viewinit');
    this.player.attach();
  }

  private finish(): void {
    this.player.detach();
    this.playback.end();
  }
}
