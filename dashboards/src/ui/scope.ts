/** What a screen of history is about, from the address: a timeframe in seconds, what it is compared with, and which views. */
import { useMemo, useState } from 'preact/hooks';
import type { Selection } from '../api/metrics';
import { address, navigate, oneOf, withParam } from '../router';
import { COMPARISONS, moved, shiftS } from '../time/compare';
import type { Comparison } from '../time/compare';
import { DEFAULT_TIMEFRAME, fittingStep, resolve, timeframeOf, written, zoomed } from '../time/frame';
import type { Frame, Timeframe } from '../time/frame';
import { zone } from '../time/zone';
import { filtersOf } from '../views/filters';
import type { Filter } from '../views/filters';

export interface Scope {
  timeframe: Timeframe;
  comparison: Comparison;
  filters: Filter[];
  now: Selection;
  /** Missing when nothing is compared. */
  before: (Selection & { shiftS: number }) | undefined;
  askedAtMs: number;
  refresh: () => void;
}

/** The seconds are settled once for a timeframe, so that all panels agree; `refresh` moves them to the present. */
export function useScope(): Scope {
  const { params } = address.value;
  const timeframe = timeframeOf(params.get('timeframe'));
  const comparison = oneOf(address.value, 'compare', COMPARISONS, 'previous');
  const filterKey = params.getAll('filter').join('\n');
  const [round, setRound] = useState(0);
  const askedAtMs = useMemo(Date.now, [timeframe, zone.value, round]);
  return useMemo(() => {
    const frame = resolve(timeframe, askedAtMs, zone.value);
    const filters = filtersOf(params);
    const byS = shiftS(comparison, timeframe, frame, fittingStep(frame));
    return {
      timeframe, comparison, filters, askedAtMs,
      now: { frame, filters },
      before: byS === undefined ? undefined : { frame: moved(frame, byS), filters, shiftS: byS },
      refresh: () => setRound((n) => n + 1),
    };
  }, [timeframe, comparison, filterKey, askedAtMs]);
}

/** The same screen for another stretch of time. */
export const frameHref = (frame: Frame | Timeframe): string =>
  withParam(address.value, 'timeframe', typeof frame === 'string' ? frame : written(frame), DEFAULT_TIMEFRAME);

/** Seconds drawn on a chart become the timeframe, and back undoes it. */
export const zoomTo = (fromS: number, toS: number): void => navigate(frameHref(zoomed(fromS, toS, Date.now())));
