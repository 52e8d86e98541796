/** The segments as cards: what each is about, and the ways to change, add and take away. All of it is links. */
import type { JSX } from 'preact';
import { FilterPicker } from '../panels/FilterPicker';
import { address, navigate } from '../router';
import { moved, shiftS } from '../time/compare';
import { NAMED, timeframeWords, written } from '../time/frame';
import type { Timeframe } from '../time/frame';
import type { Scope } from '../ui/scope';
import { filterSentence, filterText, without, added } from '../views/filters';
import type { Filter } from '../views/filters';
import { SegmentKey } from './CompareTable';
import { LETTERS, segmentName, withSegments } from './segments';
import type { Segment } from './segments';

interface Props {
  segments: Segment[];
  scope: Scope;
}

type Part = Pick<Segment, 'filters' | 'timeframe'>;

export function SegmentBar({ segments, scope }: Props): JSX.Element {
  const replaced = (at: number, part: Part | undefined): string =>
    withSegments(address.value, segments.flatMap((segment, i): Part[] => (i !== at ? [segment] : part === undefined ? [] : [part])));
  return (
    <ol class="segments" aria-label="Segments">
      {segments.map((segment, i) => {
        const { letter, filters, timeframe } = segment;
        return (
          <li class="panel segment" key={letter}>
            <div class="segment-head">
              <h2><SegmentKey place={i} /> {segmentName(segment)}</h2>
              {segments.length > 2 && <a class="button" href={replaced(i, undefined)}>Remove<span class="visually-hidden"> {segmentName(segment)}</span></a>}
            </div>
            <ul class="chips">
              {filters.map((filter) => (
                <li class="chip" key={filterText(filter)}>
                  <span class="chip-value" title={filterSentence(filter)}>{filterSentence(filter)}</span>
                  <a class="chip-remove" href={replaced(i, { filters: without(filters, filter), timeframe })} aria-label={`Remove: ${filterSentence(filter)}`}>
                    <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="2" /></svg>
                  </a>
                </li>
              ))}
            </ul>
            <p class="menu-line">
              <FilterPicker now={scope.now} id={`add-to-${letter}`} label="Add condition" hrefOf={(filter: Filter) => replaced(i, { filters: added(filters, filter), timeframe })} />
              <TimeSelect scope={scope} letter={letter} timeframe={timeframe} onChoose={(chosen) => navigate(replaced(i, { filters, timeframe: chosen }))} />
            </p>
          </li>
        );
      })}
      {segments.length < LETTERS.length && <li class="segment-add"><a class="button" href={withSegments(address.value, [...segments, { filters: [], timeframe: undefined }])}>Add a segment</a></li>}
    </ol>
  );
}

interface TimeProps {
  scope: Scope;
  letter: string;
  timeframe: Timeframe | undefined;
  onChoose: (timeframe: Timeframe | undefined) => void;
}

/** The screen's own time, one of those before it, or any by name. */
function TimeSelect({ scope, letter, timeframe, onChoose }: TimeProps): JSX.Element {
  const earlier = (['previous', 'week'] as const).map((comparison) => {
    const byS = shiftS(comparison, scope.timeframe, scope.now.frame) ?? 0;
    return { value: written(moved(scope.now.frame, byS)), words: comparison === 'previous' ? 'The time before' : 'The week before' };
  });
  const listed = [...earlier, ...NAMED.map((value) => ({ value, words: `The ${timeframeWords(value)}` }))];
  const other = timeframe === undefined || listed.some(({ value }) => value === timeframe) ? [] : [{ value: timeframe, words: `The ${timeframeWords(timeframe)}` }];
  return (
    <label><span class="visually-hidden">Time of this segment</span>
      <select id={`time-of-${letter}`} value={timeframe ?? ''} onChange={({ currentTarget: { value } }) => onChoose(value === '' ? undefined : value as Timeframe)}>
        <option value="">The screen’s time</option>
        {[...other, ...listed].map(({ value, words }) => <option key={value} value={value}>{words}</option>)}
      </select>
    </label>
  );
}
