/** One view in one sentence, by rules from its figures: how it began, whether it stalled, how it ended. */
import { duration, plural, position } from '../charts/format';

/** Where a view stands: under way, told to be over, or silent without an end. */
export type Standing = 'running' | 'over' | 'silent';

export interface Figures {
  standing: Standing;
  /** Play was asked for. */
  attempted: boolean;
  /** A frame has moved. */
  started: boolean;
  startupMs: number | undefined;
  watchMs: number;
  rebufferMs: number;
  rebufferCount: number;
  /** Stopped by an error, or by a business rule (no right, wrong country). */
  failed: boolean;
  business: boolean;
  errorCode: string | undefined;
  /** Errors that did not stop it. */
  warnings: number;
  /** The place in the video where the fatal error came, and where the playhead stands. */
  failedAtMs: number | undefined;
  playheadMs: number | undefined;
  durationMs: number | undefined;
  playedToEnd: boolean;
  /** What it does now, in a word; for a view that is under way. */
  doing: string | undefined;
}

export function verdict(figures: Figures): string {
  if (!figures.attempted) return 'The player was set up; play was not asked for.';
  const parts = figures.started
    ? [beginning(figures), stalls(figures), minorErrors(figures), ending(figures)]
    : [neverStarted(figures)];
  return `${parts.filter((part) => part !== '').join(', ')}.`;
}

const beginning = ({ startupMs }: Figures): string =>
  startupMs === undefined ? 'Started (how fast is not known)' : `Started after ${duration(startupMs)}`;

function stalls({ rebufferCount, rebufferMs, watchMs }: Figures): string {
  if (rebufferCount === 0) return 'never stalled';
  const times = rebufferCount === 1 ? 'once' : `${rebufferCount} times`;
  return `stalled ${times} for ${duration(rebufferMs)}${rebufferCount === 1 ? '' : ' in all'}${shareOf(rebufferMs, watchMs)}`;
}

/** Watching is startup, playing, seeking and stalling: the time somebody sat in front of it. */
const shareOf = (rebufferMs: number, watchMs: number): string =>
  watchMs <= 0 || rebufferMs <= 0 ? '' : ` (${percent(rebufferMs / watchMs)} of watching)`;

function percent(share: number): string {
  const rounded = Math.round(Math.min(1, share) * 100);
  return share > 0 && rounded === 0 ? 'less than 1%' : `${rounded}%`;
}

const minorErrors = ({ warnings }: Figures): string => (warnings > 0 ? `${plural(warnings, 'error')} on the way` : '');

function ending(figures: Figures): string {
  const { standing, playheadMs, durationMs } = figures;
  if (figures.failed || figures.business) return `ended by ${stopper(figures)}${at(figures.failedAtMs ?? playheadMs)}`;
  if (standing === 'running') return `${figures.doing ?? 'under way'} now${at(playheadMs)}`;
  if (figures.playedToEnd) return 'played to the end';
  const left = `${at(playheadMs)}${reach(playheadMs, durationMs)}`;
  return standing === 'over' ? `left${left}` : `not heard of any more${left}`;
}

function neverStarted(figures: Figures): string {
  const waited = figures.watchMs > 0 ? ` after waiting ${duration(figures.watchMs)}` : '';
  if (figures.failed || figures.business) return `Never started: stopped by ${stopper(figures)}${waited}`;
  switch (figures.standing) {
    case 'running':
      return `Waiting for the first frame${figures.watchMs > 0 ? `, ${duration(figures.watchMs)} so far` : ''}`;
    case 'over':
      return `Left before the first frame${waited}`;
    case 'silent':
      return `Not heard of any more before the first frame${waited}`;
  }
}

const stopper = ({ business, errorCode }: Figures): string =>
  `${business ? 'a business rule' : 'fatal error'}${errorCode === undefined ? '' : ` ${errorCode}`}`;

const at = (playheadMs: number | undefined): string => (playheadMs === undefined ? '' : ` at ${position(playheadMs)}`);

function reach(playheadMs: number | undefined, durationMs: number | undefined): string {
  if (playheadMs === undefined || durationMs === undefined || durationMs <= 0) return '';
  return ` of ${position(durationMs)} (${percent(playheadMs / durationMs)})`;
}
