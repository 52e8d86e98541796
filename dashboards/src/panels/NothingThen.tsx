/** A timeframe without a view: because nothing fits the filters, because it is the wrong time, or because nothing was ever sent. */
import type { JSX } from 'preact';
import { address, withScope } from '../router';
import { timeframeWords } from '../time/frame';
import { frameHref } from '../ui/scope';
import type { Scope } from '../ui/scope';
import { filterSentence, filterText, withFilters, without } from '../views/filters';

export function NothingThen({ scope: { filters, timeframe } }: { scope: Scope }): JSX.Element {
  const { path, params } = address.value;
  return (
    <div class="state panel" id="nothing" data-state={filters.length === 0 ? 'empty' : 'no-match'}>
      <p class="state-title">{filters.length === 0 ? 'No view' : 'No view fits all filters'} in the {timeframeWords(timeframe)}.</p>
      {filters.length > 0 && (
        <ul class="ways-on">
          {filters.map((filter) => <li key={filterText(filter)}><a href={withFilters(path, params, without(filters, filter))}>Without “{filterSentence(filter)}”</a></li>)}
        </ul>
      )}
      {timeframe !== '90d' && <p><a href={frameHref('90d')}>Look at the {timeframeWords('90d')}</a></p>}
      {filters.length === 0 && <p>If nothing was ever sent: <a href={withScope('/start', ['zone'])}>set up a player</a>, it takes three steps.</p>}
    </div>
  );
}
