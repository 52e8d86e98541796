/**
 * The native beacon, version 1, as it goes over the wire. The collector decodes exactly these shapes; members may
 * be added, never renamed.
 */

/** Everything the SDK itself sends; the collector keeps and counts types it does not know. */
export type EventType =
  | 'viewinit'
  | 'play'
  | 'playing'
  | 'pause'
  | 'seeking'
  | 'seeked'
  | 'rebufferstart'
  | 'rebufferend'
  | 'heartbeat'
  | 'ratechange'
  | 'renditionchange'
  | 'error'
  | 'custom'
  | 'ended'
  | 'viewend';

/** Cumulative over the view; none of them ever falls. Times are milliseconds. */
export interface Counters {
  /** The picture was moving. */
  playing_ms: number;
  /** Start-up, playing, rebuffering and seeking: everything but pauses. */
  watch_ms: number;
  rebuffer_ms: number;
  rebuffer_count: number;
  /** From leaving the old place until the picture moves at the new one, or stands there when paused. */
  seek_ms: number;
  seek_count: number;
  dropped_frames: number;
  /** Bits per second of the rendition times milliseconds played in it. */
  bitrate_ms: number;
  /** Playing time in a player larger, and smaller, than the rendition. */
  upscale_ms: number;
  downscale_ms: number;
  /** Play request to first moving frame; absent until then. */
  startup_ms?: number;
  /** Navigation to the first `monitor()` of the page; only in that view. */
  page_load_ms?: number;
  /** From `playerInitTime` to `monitor()`; only in the first view, and only where the page told the former. */
  player_startup_ms?: number;
  /** Events this SDK had to let go of (full queue, runaway player); absent while there are none. */
  suppressed?: number;
}

/** Number of the played stretch, media time it began at, media time it has reached. */
export type Segment = [number: number, from_ms: number, to_ms: number];

/** A value of a dimension the site made up. */
export type CustomValue = string | number | boolean;

/** Facts about a view, each holding from the event it is sent with. */
export interface ViewData {
  video_id?: string;
  video_title?: string;
  video_series?: string;
  stream_type?: 'on-demand' | 'live';
  viewer_id?: string;
  session_id?: string;
  player_name?: string;
  player_version?: string;
  player_software?: string;
  player_software_version?: string;
  cdn?: string;
  page_type?: string;
  experiment_name?: string;
  sub_property_id?: string;
  /** Bits per second. HTML5 does not tell it; whoever knows it should. */
  rendition_bitrate?: number;
  rendition_width?: number;
  rendition_height?: number;
  rendition_fps?: number;
  rendition_codec?: string;
  source_hostname?: string;
  /** How far behind the present a live stream is shown. Known by itself only where the element tells (Safari). */
  live_latency_ms?: number;
  /** The share of views that are measured at all; set by `sampleRate`. */
  sample_rate?: number;
  custom?: Record<string, CustomValue>;
  [fact: string]: CustomValue | Record<string, CustomValue> | undefined;
}

/** What went wrong. `business` marks a rule (region, subscription), not a fault. */
export interface ErrorReport {
  code: string;
  message: string;
  severity: 'fatal' | 'warning' | 'business';
}

/** One event; `seq` is unique and rising within the view. */
export interface WireEvent {
  seq: number;
  /** Monotonic milliseconds since the view's first event. */
  t_ms: number;
  type: EventType;
  playhead_ms?: number | undefined;
  c: Counters;
  seg?: Segment | undefined;
  set?: ViewData | undefined;
  error?: ErrorReport;
  /** Of a `custom` event. */
  name?: string;
  data?: ViewData;
}

/** The part of a beacon that belongs to one view. */
export interface ViewPart {
  id: string;
  /** The moment of sending on the clock of `t_ms`: lets the server place the events without trusting wall clocks. */
  t_sent_ms: number;
  events: WireEvent[];
}

/** The body of one POST. */
export interface Beacon {
  v: 1;
  /** Wall clock at sending; for people, not for arithmetic. */
  sent_ms: number;
  views: ViewPart[];
}
