/** Where a comparison begins: the values with most views of what one mostly compares, and this time beside the one before. */
import type { JSX } from 'preact';
import { ask } from '../api/batch';
import { breakdownPath } from '../api/metrics';
import type { BreakdownAnswer } from '../api/metrics';
import { count } from '../charts/format';
import { address } from '../router';
import { moved, shiftS } from '../time/compare';
import { timeframeWords, written } from '../time/frame';
import { Panel } from '../ui/Panel';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { dimensionWords } from '../views/filters';
import type { Filter } from '../views/filters';
import { LETTERS, withSegments } from './segments';

const DIMENSIONS = ['cdn', 'player_software_version', 'country', 'device', 'browser', 'experiment_name'] as const;

export function Suggestions({ scope }: { scope: Scope }): JSX.Element {
  const paths = DIMENSIONS.map((dimension) => breakdownPath({ metric: 'views', dimension, order: 'views', descending: true, limit: LETTERS.length + 1 }, scope.now));
  const source = useAnswer(paths.join('\n'), (signal) => Promise.all(paths.map((path) => ask<BreakdownAnswer>(path, signal))));
  const earlier = (comparison: 'previous' | 'week'): string => {
    const byS = shiftS(comparison, scope.timeframe, scope.now.frame) ?? 0;
    return withSegments(address.value, [{ filters: [], timeframe: undefined }, { filters: [], timeframe: written(moved(scope.now.frame, byS)) }]);
  };
  return (
    <Panel id="suggestions" title="What is to be compared?" class="panel-breakdown" note="Two to four segments; each can be changed then">
      <ul class="ways-on suggestions">
        <li><a href={earlier('previous')}>The {timeframeWords(scope.timeframe)}, and the time before</a></li>
        <li><a href={earlier('week')}>The {timeframeWords(scope.timeframe)}, and the week before</a></li>
      </ul>
      <StateGate source={source} what="what there is to compare">
        {(answers) => (
          <ul class="ways-on suggestions">
            {DIMENSIONS.map((dimension, i) => <Suggestion key={dimension} dimension={dimension} answer={answers[i]} />)}
          </ul>
        )}
      </StateGate>
    </Panel>
  );
}

function Suggestion({ dimension, answer }: { dimension: string; answer: BreakdownAnswer | undefined }): JSX.Element | null {
  const groups = (answer?.data ?? []).filter(({ field }) => field !== null && field !== '').slice(0, LETTERS.length);
  if (groups.length < 2) return null;
  const segments = groups.map(({ field }) => ({ filters: [{ dimension, value: field ?? '', negated: false } satisfies Filter], timeframe: undefined }));
  return (
    <li>
      <a href={withSegments(address.value, segments)}>{dimensionWords(dimension)}: {groups.map(({ field }) => field).join(', ')}</a>
      <span class="note"> {groups.map(({ views }) => count(views)).join(', ')} views</span>
    </li>
  );
}
