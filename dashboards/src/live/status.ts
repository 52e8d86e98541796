/** What the connection looks like to a person: one of a few words, the age of the data, and whether to show the banner. */
import type { Pause } from './store';
import type { Link } from './socket';

export type StatusKind = 'connecting' | 'connected' | 'catching-up' | 'paused' | 'stale' | 'reconnecting' | 'refused';

export interface Status {
  kind: StatusKind;
  label: string;
  /** Age of what is on the screen; missing until something is. */
  dataAgeMs?: number | undefined;
  /** Present once the connection has been away for longer than a blip. */
  banner?: { attempt: number; asOfMs?: number | undefined } | undefined;
}

/** Short blips must not flash. */
export const BANNER_AFTER_MS = 2_500;
/** A server that is this far behind its own log is not live any more, however alive its socket. */
export const STALE_DATA_MS = 30_000;

const LABELS: Record<StatusKind, string> = {
  connecting: 'Connecting',
  connected: 'Connected',
  'catching-up': 'Catching up',
  paused: 'Paused',
  stale: 'Stale',
  reconnecting: 'Reconnecting',
  refused: 'Refused',
};

export function describeLink(link: Link, pause: Pause | undefined, nowMs: number): Status {
  const kind = kindOf(link, pause);
  return { kind, label: LABELS[kind], dataAgeMs: dataAge(link, pause, nowMs), banner: banner(link, nowMs) };
}

/** Trouble outranks a pause: a person who paused must still learn that resuming will not help. */
function kindOf(link: Link, pause: Pause | undefined): StatusKind {
  switch (link.phase) {
    case 'refused':
    case 'reconnecting':
    case 'stale':
      return link.phase;
    case 'connecting':
    case 'catching-up':
    case 'connected':
      if (pause !== undefined) return 'paused';
      if (link.phase === 'connected' && (link.heartbeat?.dataAgeMs ?? 0) > STALE_DATA_MS) return 'stale';
      return link.phase;
  }
}

/** The heartbeat tells the age at its own time; a frame with data since then proves that it is younger. */
function dataAge(link: Link, pause: Pause | undefined, nowMs: number): number | undefined {
  if (pause !== undefined) return nowMs - pause.sinceMs;
  const ages: number[] = [];
  if (link.heartbeat !== undefined) ages.push(link.heartbeat.dataAgeMs + nowMs - link.heartbeat.atMs);
  if (link.lastDataMs !== undefined) ages.push(nowMs - link.lastDataMs);
  return ages.length === 0 ? undefined : Math.max(0, Math.min(...ages));
}

function banner(link: Link, nowMs: number): Status['banner'] {
  if (link.lostAtMs === undefined || nowMs - link.lostAtMs < BANNER_AFTER_MS) return undefined;
  return { attempt: link.attempt, asOfMs: link.lastFrameMs };
}
