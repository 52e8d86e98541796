/** A metric for each value of a dimension, beside an earlier timeframe. A value is a filter, and the rows can be taken along. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { breakdownPath, videoTitles } from '../api/metrics';
import type { BreakdownAnswer, BreakdownQuestion, Group } from '../api/metrics';
import { ask as askTogether } from '../api/batch';
import { explain } from '../api/client';
import { UNIT_WORDS } from '../charts/unit';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import { NEVER, useAnswer } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { NOTHING, dimensionWords, filterText } from '../views/filters';
import { BreakdownTable } from './BreakdownTable';
import type { Measured } from './HistoryPanel';
import { aboutOf } from './HistoryPanel';

export interface Breakdown {
  groups: Group[];
  total: number;
  /** By the value of the dimension; missing when nothing is compared, or the comparison failed. */
  before: Map<string, Group> | undefined;
  beforePath: string | undefined;
  problem: string | undefined;
  /** Of the videos among the values, where they have one. */
  titles: Map<string, string>;
}

interface Props {
  id: string;
  title: string;
  titleHref?: string;
  of: Measured;
  question: BreakdownQuestion;
  scope: Scope;
  actions?: ComponentChildren;
  /** Under the rows: further pages. */
  foot?: (breakdown: Breakdown) => JSX.Element | null;
  compact?: boolean;
}

export function BreakdownPanel({ id, title, titleHref, of, question, scope, actions, foot, compact = false }: Props): JSX.Element {
  const path = breakdownPath(question, scope.now);
  const [seen, setSeen] = useState(false);
  const source = useAnswer(seen ? `${path}\n${scope.before?.shiftS ?? ''}` : '', (signal) => (seen ? ask(path, question, scope, signal) : NEVER));
  const answer = source.data.status === 'ready' ? source.data.value : undefined;
  const asked = [{ what: title, path }, ...(answer?.beforePath === undefined ? [] : [{ what: `${title}, before`, path: answer.beforePath }])];
  return (
    <Panel
      id={id} title={title} titleHref={titleHref} class={compact ? 'panel-top' : 'panel-breakdown'} onSeen={() => setSeen(true)}
      note={answer?.problem === undefined ? undefined : `The comparison did not load: ${answer.problem}`}
      actions={<>{actions}<PanelMenu title={title} about={aboutOf(scope)} asked={asked} rows={answer && (() => cells(answer, of, question, scope))} /></>}
    >
      <StateGate source={source} what={`“${title}”`} isEmpty={({ groups }) => groups.length === 0} empty={<Nothing filtered={scope.filters.length > 0} />}>
        {(breakdown) => (
          <>
            <BreakdownTable breakdown={breakdown} of={of} dimension={question.dimension} filters={scope.filters} title={title} compact={compact} />
            {foot?.(breakdown)}
          </>
        )}
      </StateGate>
    </Panel>
  );
}

const Nothing = ({ filtered }: { filtered: boolean }): JSX.Element => (
  <p class="state-title">{filtered ? 'No view in this time fits the filters.' : 'No view in this time.'}</p>
);

async function ask(path: string, question: BreakdownQuestion, scope: Scope, signal: AbortSignal): Promise<Breakdown> {
  const { data, total_row_count: total } = await askTogether<BreakdownAnswer>(path, signal);
  const ids = question.dimension === 'video_id' ? data.flatMap(({ field }) => field ?? []) : [];
  // Without its titles a list of videos is still a list of videos.
  const titles = ids.length === 0 ? new Map<string, string>() : videoTitles(ids, scope.now, signal).catch(() => new Map<string, string>());
  const [earlier, named] = await Promise.all([askBefore(data, question, scope, signal), titles]);
  return { groups: data, total, titles: named, ...earlier };
}

/** The earlier timeframe is asked for the same values, so that a value that was small then is compared as well. */
async function askBefore(groups: Group[], question: BreakdownQuestion, scope: Scope, signal: AbortSignal): Promise<Pick<Breakdown, 'before' | 'beforePath' | 'problem'>> {
  if (scope.before === undefined || groups.length === 0) return { before: undefined, beforePath: undefined, problem: undefined };
  const { dimension } = question;
  const filters = [...scope.before.filters, ...groups.map(({ field }) => ({ dimension, value: field ?? NOTHING, negated: false }))];
  const beforePath = breakdownPath({ ...question, page: 1 }, { frame: scope.before.frame, filters });
  const answer = await askTogether<BreakdownAnswer>(beforePath, signal).catch((error: unknown) => explain(error));
  if (typeof answer === 'string') return { before: undefined, beforePath, problem: answer };
  return { before: new Map(answer.data.map((group) => [group.field ?? '', group])), beforePath, problem: undefined };
}

function cells({ groups, before }: Breakdown, { metric, unit }: Measured, { dimension }: BreakdownQuestion, scope: Scope): Cell[][] {
  const { frame } = scope.now;
  const [from, to] = [frame.fromS, frame.toS].map((s) => new Date(s * 1_000).toISOString());
  const filters = scope.filters.map(filterText).join(' ');
  return [
    [dimension, `${metric} (${UNIT_WORDS[unit]})`, 'views', 'negative_impact', 'value_before', 'views_before', 'from_utc', 'to_utc', 'filters'],
    ...groups.map(({ field, value, views, negative_impact: impact }): Cell[] => {
      const earlier = before?.get(field ?? '');
      return [field, value, views, impact, earlier?.value ?? null, earlier?.views ?? null, from ?? '', to ?? '', filters];
    }),
  ];
}

/** An abbreviation keeps its capitals within a sentence. */
export function breakdownTitle(dimension: string): string {
  const words = dimensionWords(dimension);
  return `By ${/^[A-Z]{2}/.test(words) ? words : words.charAt(0).toLowerCase() + words.slice(1)}`;
}
