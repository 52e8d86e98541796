/** Values of metrics by their unit, and the even steps their axes go by. */
import type { Unit } from '../time/compare';
import { DASH, bitrateText, count, countInFull, duration, oneDecimal, ratio, twoDecimals } from './format';
import { COUNT_STEPS } from './steps';

const A_DAY_MS = 86_400_000;

export function valueText(value: number | null | undefined, unit: Unit): string {
  if (typeof value !== 'number') return DASH;
  switch (unit) {
    case 'count':
      return Number.isInteger(value) ? count(value) : oneDecimal(value);
    case 'milliseconds':
      // The minutes of a day of watching are noise.
      return value >= A_DAY_MS ? `${count(Math.round(value / 3_600_000))} h` : duration(value);
    case 'ratio':
      return ratio(value);
    case 'per_minute':
      return `${twoDecimals(value)} /min`;
    case 'bits_per_second':
      return bitrateText(value);
    case 'score':
      return oneDecimal(value);
  }
}

/** Every digit, for a title: what the short form left out. */
export const valueInFull = (value: number | null | undefined, unit: Unit): string | undefined =>
  typeof value !== 'number' ? undefined : unit === 'count' ? countInFull(value) : `${value} ${UNIT_WORDS[unit]}`;

/** As the API gives it, which is what a file has. */
export const UNIT_WORDS: Record<Unit, string> = {
  count: 'count', milliseconds: 'ms', ratio: 'ratio, 0 to 1', per_minute: 'per minute', bits_per_second: 'bit/s', score: '0 to 100',
};

const DURATION_STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200, 3_000, 6_000, 12_000, 30_000, 60_000, 120_000, 300_000].map((minutes) => minutes * 60e3),
];

/** Undefined leaves it to uPlot, whose decimal steps suit all other units. */
export function axisSteps(unit: Unit): number[] | undefined {
  if (unit === 'count') return COUNT_STEPS;
  return unit === 'milliseconds' ? DURATION_STEPS : undefined;
}

/** Short, beside a gridline. */
export function axisText(value: number, unit: Unit): string {
  if (unit === 'ratio') return `${Number((value * 100).toFixed(2))}%`;
  if (unit === 'milliseconds' && value === 0) return '0';
  if (unit === 'milliseconds' && value >= 3_600e3) return `${count(value / 3_600e3)} h`;
  if (unit === 'score' || unit === 'per_minute') return String(Number(value.toFixed(3)));
  if (unit === 'bits_per_second' && value === 0) return '0';
  return valueText(value, unit);
}

/** An axis is never higher than what can be, nor so low that noise looks like mountains. */
export const leastScale: Record<Unit, number> = { count: 4, milliseconds: 100, ratio: 0.01, per_minute: 0.1, bits_per_second: 100_000, score: 100 };
