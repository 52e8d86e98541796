/** One view as these pages know it: the API's answer, with what the live topic has told since on top. */
import type { EventAnswer, Facts, ViewAnswer } from '../api/views';
import type { OneView } from '../live/topics';
import { byTime, isFatal } from './course';
import type { ViewEvent } from './course';
import { isOver } from './rows';
import type { Figures, Standing } from './verdict';

export interface ViewRecord {
  facts: Facts;
  events: ViewEvent[];
  ranges: [fromMs: number, toMs: number][];
  startMs: number | undefined;
  figures: Figures;
  /** The live topic has it: what is shown follows the view. */
  live: OneView['view'] | undefined;
}

/** Names the live topic has for what the API calls otherwise. */
const LIVE_NAMES: Record<string, string> = {
  title: 'video_title', startup_ms: 'video_startup_ms', duration_ms: 'video_duration_ms', player: 'player_software',
};
/** Members of the live topic that are no facts of the view. */
const NO_FACTS = new Set(['state', 'start_ms', 'last_ms']);

/** `undefined` when neither knows the view. */
export function recordOf(answer: ViewAnswer | undefined, live: OneView | undefined, nowMs: number): ViewRecord | undefined {
  // The topic of a view that is not known yet has an empty object.
  const view = live?.view?.start_ms === undefined ? undefined : live.view;
  if (answer === undefined && view === undefined) return undefined;
  const facts = { ...answer?.facts, ...liveFacts(view) };
  const events = mergedEvents((answer?.events ?? []).map(fromAnswer(answer?.events ?? [])), live?.events ?? {}, view);
  const startText = facts.view_start;
  return {
    facts,
    events,
    ranges: view === undefined ? rangesOf(facts.ranges) : Object.values(live?.ranges ?? {}),
    startMs: typeof startText === 'string' ? Date.parse(startText) : view?.start_ms,
    figures: figuresOf(facts, events, view, nowMs),
    live: view,
  };
}

function liveFacts(view: OneView['view']): Facts {
  const facts: Facts = {};
  for (const [name, value] of Object.entries(view ?? {})) {
    if (!NO_FACTS.has(name)) facts[LIVE_NAMES[name] ?? name] = value;
  }
  return facts;
}

const SPOKEN_OF_APART = new Set(['sequence', 'received_at', 'error_code', 'error_message', 'error_severity']);

const fromAnswer = (all: EventAnswer[]) => {
  const firstMs = Math.min(...all.map((event) => event.viewer_time));
  return ({ name, viewer_time: occurredMs, playback_time: playheadMs, details }: EventAnswer): ViewEvent => {
    const text = (member: string): string => String(details[member] ?? '');
    const attributes = Object.entries(details).filter(([member]) => !SPOKEN_OF_APART.has(member));
    return {
      sequence: Number(details.sequence),
      atMs: occurredMs - firstMs,
      name,
      playheadMs: playheadMs ?? undefined,
      attributes: Object.fromEntries(attributes.map(([member, value]) => [member, String(value)])),
      receivedMs: Number(details.received_at),
      occurredMs,
      ...(name === 'error' ? { error: { code: text('error_code'), message: text('error_message'), severity: text('error_severity') } } : {}),
    };
  };
};

/** History says more of an event, the live topic knows newer ones; both number them alike. */
function mergedEvents(history: ViewEvent[], live: NonNullable<OneView['events']>, view: OneView['view']): ViewEvent[] {
  const known = new Map(history.map((event) => [event.sequence, event]));
  const entries = Object.entries(live).map(([sequence, event]) => ({ sequence: Number(sequence), event }));
  // Each counts from the first event it has; one event of both tells how far apart that is.
  const shared = entries.find(({ sequence }) => known.has(sequence));
  const shift = shared === undefined ? 0 : (known.get(shared.sequence)?.atMs ?? 0) - shared.event.t_ms;
  const fresh = entries.filter(({ sequence }) => !known.has(sequence)).map(({ sequence, event }): ViewEvent => ({
    sequence, atMs: event.t_ms + shift, name: event.type, playheadMs: event.playhead_ms, attributes: {},
  }));
  weighErrors(fresh, view);
  return [...history, ...fresh].sort(byTime);
}

/** The live topic does not say how grave an error is, but whether the view failed: then it was the last one. */
function weighErrors(fresh: ViewEvent[], view: OneView['view']): void {
  const errors = fresh.filter(({ name }) => name === 'error').sort(byTime);
  for (const event of errors) {
    const stopped = view?.state === 'failed' && event === errors.at(-1);
    event.error = { code: (stopped ? view.error_code : undefined) ?? '', message: '', severity: stopped ? 'fatal' : 'warning' };
  }
}

function rangesOf(value: unknown): [number, number][] {
  if (!Array.isArray(value)) return [];
  return value.filter((range): range is [number, number] => Array.isArray(range) && range.length === 2);
}

/** After this long without a sign, a view that nobody ended is not under way any more. */
const SILENT_MS = 60_000;

function standingOf(facts: Facts, view: OneView['view'], nowMs: number): Standing {
  if (view !== undefined) {
    if (view.state === 'gone') return 'silent';
    return isOver(view.state) ? 'over' : 'running';
  }
  if (facts.view_ended === true || facts.playback_failure === true) return 'over';
  return nowMs - Date.parse(String(facts.view_end)) < SILENT_MS ? 'running' : 'silent';
}

const DOING: Partial<Record<string, string>> = {
  idle: 'set up', starting: 'starting', playing: 'playing', paused: 'paused', seeking: 'seeking', rebuffering: 'stalling',
};

function figuresOf(facts: Facts, events: ViewEvent[], view: OneView['view'], nowMs: number): Figures {
  const number = (name: string): number | undefined => (typeof facts[name] === 'number' ? facts[name] : undefined);
  const is = (name: string): boolean => facts[name] === true;
  const startupMs = number('video_startup_ms');
  const business = is('playback_business_exception');
  const failed = is('playback_failure') || (view?.state === 'failed' && !business);
  const stopped = events.findLast(isFatal);
  const started = is('view_started') || startupMs !== undefined || (number('playing_ms') ?? 0) > 0;
  return {
    standing: standingOf(facts, view, nowMs),
    attempted: started || failed || business || (number('watch_ms') ?? 0) > 0 || events.some(({ name }) => name === 'play' || name === 'viewstart'),
    started,
    startupMs,
    watchMs: number('watch_ms') ?? 0,
    rebufferMs: number('rebuffer_ms') ?? 0,
    rebufferCount: number('rebuffer_count') ?? 0,
    failed,
    business,
    errorCode: typeof facts.error_code === 'string' ? facts.error_code : undefined,
    warnings: events.filter((event) => event.name === 'error' && !isFatal(event)).length,
    failedAtMs: stopped?.playheadMs,
    playheadMs: number('playhead_ms'),
    durationMs: number('video_duration_ms'),
    playedToEnd: is('played_to_end'),
    doing: view === undefined ? undefined : DOING[view.state],
  };
}
