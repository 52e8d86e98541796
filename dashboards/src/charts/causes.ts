/** What drags a metric down, and what drags it down more than it did: insights of two timeframes as one ranking. */
import type { Insight } from '../api/metrics';

export const CAUSE_ORDERS = ['impact', 'change'] as const;

export interface Cause {
  now: Insight;
  /** Missing when nothing is compared, or no view had it then. */
  before: Insight | undefined;
  /** By how much its views move the whole more for the worse than they did. */
  moved: number;
}

export function causesOf(now: Insight[], before: Insight[] | undefined, order: (typeof CAUSE_ORDERS)[number]): Cause[] {
  const key = ({ filter_column: column, filter_value: value }: Insight): string => `${column}:${value ?? ''}`;
  const then = new Map(before?.map((insight) => [key(insight), insight]));
  const causes = now.map((insight): Cause => {
    const earlier = then.get(key(insight));
    return { now: insight, before: earlier, moved: insight.negative_impact_score - (earlier?.negative_impact_score ?? 0) };
  });
  const by = (cause: Cause): number => (order === 'change' && before !== undefined ? cause.moved : cause.now.negative_impact_score);
  return causes.filter((cause) => by(cause) > 0).sort((a, b) => by(b) - by(a));
}
