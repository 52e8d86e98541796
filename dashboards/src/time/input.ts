/** What a field for a date and a time holds: a clock without a zone, which the page's choice gives it. */
import { zone } from './zone';

/** Of a Unix second, to the minute. */
export function inputText(atS: number): string {
  const date = new Date(atS * 1_000);
  const shifted = zone.value === 'utc' ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** Unix ms; NaN for what is no time. */
export function inputMs(text: FormDataEntryValue | null): number {
  if (typeof text !== 'string' || text === '') return Number.NaN;
  return new Date(zone.value === 'utc' ? `${text}Z` : text).getTime();
}
