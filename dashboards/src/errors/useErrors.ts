/** The errors of a screen's timeframe as rows: what comes beside them may come later or fail, without taking them along. */
import { ask } from '../api/batch';
import { overallPath } from '../api/metrics';
import type { BreakdownAnswer, OverallAnswer } from '../api/metrics';
import { useAnswer, useCompared } from '../ui/hooks';
import type { Source } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { errorRows, errorsPath, partPaths } from './errors';
import type { ErrorAnswer, ErrorRow, Parts } from './errors';

interface ErrorsAnswer {
  data: ErrorAnswer[];
  total_row_count: number;
}

export interface Errors {
  rows: ErrorRow[];
  /** What did not load, and why. */
  problems: string[];
}

export function useErrors(scope: Scope): Source<Errors> {
  const { data, retry } = useCompared<ErrorsAnswer>(errorsPath(scope.now), scope.before && errorsPath(scope.before));
  const paths = partPaths(scope.now);
  const parts = useAnswer(paths.viewers, (signal) => askParts(paths, signal));
  // Nothing is new beside a time of which nothing is known.
  const earlier = useCompared<OverallAnswer>(scope.before && overallPath('views', undefined, scope.before), undefined);
  const comparable = earlier.data.status !== 'ready' || (earlier.data.value.now.data.value ?? 0) > 0;
  if (data.status !== 'ready') return { data, retry };
  const { now, before, problem } = data.value;
  const known = parts.data.status === 'ready' ? parts.data.value : undefined;
  const problems = [
    ...(problem === undefined ? [] : [`The comparison did not load: ${problem}`]),
    ...(parts.data.status === 'error' ? [`What the errors did did not load: ${parts.data.message}`] : []),
  ];
  return { data: { status: 'ready', value: { rows: errorRows(now.data, known, comparable ? before?.data : undefined), problems } }, retry };
}

async function askParts(paths: Record<keyof Parts, string>, signal: AbortSignal): Promise<Parts> {
  const one = (name: keyof Parts): Promise<BreakdownAnswer> => ask<BreakdownAnswer>(paths[name], signal);
  const [viewers, failures, rules] = await Promise.all([one('viewers'), one('failures'), one('rules')]);
  return { viewers, failures, rules };
}

