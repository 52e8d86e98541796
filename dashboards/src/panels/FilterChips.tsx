/** The conditions of a list as chips: each can be turned round or taken away, all of them are part of the address. */
import type { JSX } from 'preact';
import { address } from '../router';
import { filterSentence, filterText, filterWords, flipped, withFilters, without } from '../views/filters';
import type { Filter } from '../views/filters';

export function FilterChips({ filters, hint = 'Choose a value in the rows to see only views with it.' }: { filters: Filter[]; hint?: string }): JSX.Element {
  const { path, params } = address.value;
  if (filters.length === 0) return <p class="note chips-hint">{hint}</p>;
  return (
    <ul class="chips" aria-label="Filters">
      {filters.map((filter) => {
        const { what, is, value } = filterWords(filter);
        return (
          <li class="chip" key={filterText(filter)}>
            <span class="chip-what">{what}</span>
            <a class="chip-is" href={withFilters(path, params, flipped(filters, filter))} title="Turn round">{is}<span class="visually-hidden">{value === '' ? '' : ` ${value}`}, turn round</span></a>
            {value !== '' && <span class="chip-value" title={value}>{value}</span>}
            <a class="chip-remove" href={withFilters(path, params, without(filters, filter))} aria-label={`Remove: ${filterSentence(filter)}`}>
              <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="2" /></svg>
            </a>
          </li>
        );
      })}
      {filters.length > 1 && <li><a class="chip-clear" href={withFilters(path, params, [])}>Remove all</a></li>}
    </ul>
  );
}
