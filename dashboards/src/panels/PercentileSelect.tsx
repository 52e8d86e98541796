/** Which percentile figures show that are one: how slow a start is for half of the viewers, or for the unluckiest of a hundred. */
import type { JSX } from 'preact';
import { PERCENTILES } from '../api/metrics';
import type { Percentile } from '../api/metrics';
import { address, navigate, oneOf, withParam } from '../router';

export const chosenPercentile = (): Percentile => oneOf(address.value, 'percentile', PERCENTILES, 'median');

export function PercentileSelect(): JSX.Element {
  return (
    <label class="inline-label percentile"><span class="note">Percentile</span>
      <select id="percentile" value={chosenPercentile()} onChange={(event) => navigate(withParam(address.value, 'percentile', event.currentTarget.value, 'median'))}>
        {PERCENTILES.map((percentile) => <option key={percentile} value={percentile}>{percentile === 'median' ? 'Median' : percentile}</option>)}
      </select>
    </label>
  );
}
