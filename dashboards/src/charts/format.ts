/** Numbers and times as people read them: unit always, one decimal for percent, a dash for what is not known. */
import { zone } from '../time/zone';
import type { Zone } from '../time/zone';

export const DASH = '–';

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const signedPercent = new Intl.NumberFormat(undefined, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: 'exceptZero' });
const signedDecimal = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: 'exceptZero' });
const fine = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const decimal = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** A clock's way of writing, in both zones. */
function inZones(options: Intl.DateTimeFormatOptions): (ms: number) => string {
  const of: Record<Zone, Intl.DateTimeFormat> = {
    local: new Intl.DateTimeFormat(undefined, options),
    utc: new Intl.DateTimeFormat(undefined, { ...options, timeZone: 'UTC' }),
  };
  return (ms) => of[zone.value].format(ms);
}

const clock = inZones({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const clockShort = inZones({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

const day = inZones({ day: 'numeric', month: 'short' });
const weekday = inZones({ weekday: 'short', day: 'numeric', month: 'short' });
const dayFull = inZones({ day: 'numeric', month: 'short', year: 'numeric' });

const known = (value: number | null | undefined): value is number => typeof value === 'number' && Number.isFinite(value);

/** Every digit up to 99,999, then `123.5K`; the full number belongs in a title. */
export function count(value: number | null | undefined): string {
  if (!known(value)) return DASH;
  return Math.abs(value) < 100_000 ? whole.format(value) : compact.format(value);
}

export const countInFull = (value: number | null | undefined): string => (known(value) ? whole.format(value) : DASH);

export const ratio = (value: number | null | undefined): string => (known(value) ? percent.format(value) : DASH);

/** Of two counts; a share of nothing is not zero. */
export const share = (part: number | undefined, all: number | undefined): number | undefined =>
  known(part) && known(all) && all > 0 ? part / all : undefined;

export const twoDecimals = (value: number): string => fine.format(value);

export const oneDecimal = (value: number | null | undefined): string => (known(value) ? decimal.format(value) : DASH);

/** A change relative to what was: `+12.3%`. */
export const percentChange = (part: number): string => minus(signedPercent.format(part));

/** A difference in a unit of its own: `+0.4 points`. */
export const points = (by: number, unit: string): string => `${minus(signedDecimal.format(by))} ${unit}`;

/** The sign that is as wide as a plus: formatting writes a hyphen. */
const minus = (text: string): string => text.replace('-', '−');

/** A length of time in its natural unit: `420 ms`, `1.8 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number | null | undefined): string {
  if (!known(ms)) return DASH;
  if (ms < 1_000) return `${whole.format(ms)} ms`;
  // Anything that would round up to 60 is minutes already.
  if (ms < 59_950) return `${decimal.format(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return twoUnits(seconds, 'min', 's');
  return twoUnits(Math.round(seconds / 60), 'h', 'min');
}

/** `2 h 5 min`, and `2 h` when nothing is left over. */
function twoUnits(amount: number, large: string, small: string): string {
  const rest = amount % 60;
  return `${whole.format(Math.floor(amount / 60))} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** An age that ticks: whole seconds from ten on, whole minutes from one on, so that it neither flickers nor grows. */
export function age(ms: number | undefined): string {
  if (!known(ms)) return DASH;
  if (ms < 10_000) return `${decimal.format(ms / 1_000)} s`;
  const seconds = Math.floor(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : duration(Math.floor(seconds / 60) * 60_000);
}

/** A place in a video: `0:42`, `1:02:03`. */
export function position(ms: number | null | undefined): string {
  if (!known(ms)) return DASH;
  const total = Math.floor(Math.max(0, ms) / 1_000);
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3_600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** `2.8 Mbit/s`, `640 kbit/s`. */
export function bitrateText(bitsPerS: number | null | undefined): string {
  if (!known(bitsPerS) || bitsPerS <= 0) return DASH;
  return bitsPerS < 1_000_000 ? `${whole.format(bitsPerS / 1_000)} kbit/s` : `${decimal.format(bitsPerS / 1_000_000)} Mbit/s`;
}

/** Exact to the millisecond, for lists of events: `1:08.023`. */
export const positionExact = (ms: number): string => `${position(ms)}.${String(Math.max(0, Math.round(ms)) % 1_000).padStart(3, '0')}`;

/** Day and time where one is; the day is left out when it is today's. */
export function dateTime(ms: number, nowMs: number): string {
  return dayFull(ms) === dayFull(nowMs) ? clock(ms) : `${day(ms)}, ${clock(ms)}`;
}

export const dateTimeFull = (ms: number): string => `${dayFull(ms)}, ${clock(ms)}`;

/** For a title: the same everywhere, to the millisecond. */
export const utc = (ms: number): string => `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC`;

export const timeOfDay = (ms: number | null | undefined): string => (known(ms) ? clock(ms) : DASH);

/** To the minute, with the day: `21 Nov, 18:05`. */
export const dateTimeShort = (ms: number): string => `${day(ms)}, ${clockShort(ms)}`;

/** `Sat 21 Nov`. */
export const weekdayText = (ms: number): string => weekday(ms);

export const dayText = (ms: number): string => day(ms);

export const timeOfDayShort = (ms: number): string => clockShort(ms);

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${whole.format(n)} ${n === 1 ? one : many}`;
}
