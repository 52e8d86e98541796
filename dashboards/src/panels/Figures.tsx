/** The figures of a screen of history: value, change, of how many views; each leads to where it can be looked into. */
import type { JSX } from 'preact';
import { overallPath } from '../api/metrics';
import type { Measurement, OverallAnswer, Percentile, Selection } from '../api/metrics';
import { DASH, count, plural } from '../charts/format';
import { UNIT_WORDS, valueInFull, valueText } from '../charts/unit';
import type { Live } from '../live/store';
import { exploreHref } from '../router';
import { changeOf } from '../time/compare';
import type { Direction, Unit } from '../time/compare';
import { ChangeText } from '../ui/ChangeText';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import { useCompared } from '../ui/hooks';
import type { Compared, Source } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { filterText } from '../views/filters';
import type { Filter } from '../views/filters';
import { aboutOf } from './HistoryPanel';

export interface Figure {
  metric: string;
  /** Missing means the metric's default. */
  measurement?: Measurement;
  label: string;
  unit: Unit;
  direction: Direction;
  /** What only this figure's views have to meet. */
  filter?: Filter;
}

/** By the metrics' own default measurements. */
export const FIGURES: Figure[] = [
  { metric: 'views', label: 'Views', unit: 'count', direction: 'neither' },
  { metric: 'unique_viewers', label: 'Unique viewers', unit: 'count', direction: 'neither' },
  { metric: 'playing_time', label: 'Playing time', unit: 'milliseconds', direction: 'neither' },
  { metric: 'viewer_experience_score', label: 'Experience score', unit: 'score', direction: 'higher_is_better' },
  { metric: 'video_startup_time', label: 'Startup, median', unit: 'milliseconds', direction: 'lower_is_better' },
  { metric: 'rebuffer_percentage', label: 'Rebuffering', unit: 'ratio', direction: 'lower_is_better' },
  { metric: 'playback_failure_percentage', label: 'Playback failures', unit: 'ratio', direction: 'lower_is_better' },
  { metric: 'exits_before_video_start', label: 'Exits before start', unit: 'ratio', direction: 'lower_is_better' },
];

/** The same with the percentile somebody chose, where a figure is one. */
export const figuresAt = (percentile: Percentile): Figure[] => FIGURES.map((figure) =>
  figure.metric === 'video_startup_time' && percentile !== 'median' ? { ...figure, measurement: percentile, label: `Startup, ${percentile}` } : figure);

/** A value of fewer views than this is worth little. */
export const FEW_VIEWS = 30;

type Answer = Compared<OverallAnswer>;
type Answers = Live<Answer>[];

/** A screen's figures, and what is known of them, in the same order. */
export interface Figured {
  figures: Figure[];
  answers: Source<Answers>;
}

/** Of a list that never changes its length, so that these are the same hooks each time. */
export function useFigures(scope: Scope, figures: Figure[] = FIGURES): Figured {
  const sources = figures.map((figure) => useCompared<OverallAnswer>(pathOf(figure, scope.now), scope.before && pathOf(figure, scope.before)));
  const answers = sources.map(({ data }) => data);
  const retry = (): void => {
    for (const source of sources) if (source.data.status === 'error') source.retry();
  };
  const [first] = answers;
  const same = first !== undefined && first.status !== 'ready' && answers.every(({ status }) => status === first.status);
  return { figures, answers: { data: same ? first : { status: 'ready', value: answers }, retry } };
}

const pathOf = ({ metric, measurement, filter }: Figure, { frame, filters }: Selection): string =>
  overallPath(metric, measurement, { frame, filters: filter === undefined ? filters : [...filters, filter] });

/** How many views there were; undefined until that is known. */
export const viewsOf = ({ answers: { data } }: Figured): number | undefined => {
  const views = data.status === 'ready' ? data.value[0] : undefined;
  return views?.status === 'ready' ? (views.value.now.data.value ?? 0) : undefined;
};

interface Props {
  scope: Scope;
  source: Figured;
  /** A condition the page makes by itself, to be taken along to where a figure leads. */
  alsoFilter?: string;
}

export function Figures({ scope, source: { figures, answers: source }, alsoFilter }: Props): JSX.Element {
  const { retry } = source;
  const also: [string, string][] = alsoFilter === undefined ? [] : [['filter', alsoFilter]];
  return (
    <section class={`tiles-frame tiles-frame-figures${figures.length < FIGURES.length ? ' tiles-frame-few' : ''}`} id="figures" aria-label="Figures">
      <StateGate source={source} what="the figures">
        {(answers) => (
          <dl class="tiles">
            {figures.map((figure, i) => <Tile key={figure.metric} figure={figure} answer={answers[i] ?? { status: 'loading' }} retry={retry} compared={scope.before !== undefined} also={also} />)}
          </dl>
        )}
      </StateGate>
    </section>
  );
}

export function FiguresMenu({ scope, source: { figures, answers: { data } } }: Props): JSX.Element {
  return <PanelMenu title="Figures" about={aboutOf(scope)} asked={asked(figures, scope)} rows={data.status === 'ready' ? () => cells(figures, data.value, scope) : undefined} anchor="figures" />;
}

interface TileProps {
  figure: Figure;
  answer: Live<Answer>;
  retry: () => void;
  compared: boolean;
  also: [string, string][];
}

function Tile({ figure: { metric, measurement, label, unit, direction, filter }, answer, retry, compared, also }: TileProps): JSX.Element {
  const known = answer.status === 'ready' ? answer.value : undefined;
  const now = known?.now.data;
  const before = known?.before?.data;
  const more: [string, string][] = [...also, ...(filter === undefined ? [] : [['filter', filterText(filter)] as [string, string]]), ...(measurement === undefined ? [] : [['measurement', measurement] as [string, string]])];
  return (
    <div class="tile" id={`figure-${metric}`} aria-busy={answer.status === 'loading'}>
      <dt><a href={exploreHref(metric, more)} aria-label={`${label}: explore`}>{label}</a></dt>
      <dd class="tile-value" title={valueInFull(now?.value, unit)}>{answer.status === 'loading' ? <span class="tile-wait" /> : valueText(now?.value, unit)}</dd>
      <dd class="tile-detail">
        {answer.status === 'error' && <button type="button" class="button" title={answer.message} onClick={retry}>Failed, try again</button>}
        {known !== undefined && compared && (known.before !== undefined || known.problem !== undefined) && (known.problem === undefined
          ? <ChangeText change={changeOf(now?.value, before?.value, unit, direction)} than={`Before: ${valueText(before?.value, unit)} of ${plural(before?.total_views ?? 0, 'view')}`} />
          : <span class="change" title={known.problem}>comparison failed</span>)}
      </dd>
      <dd class="tile-detail tile-sample">{now === undefined ? DASH : metric === 'views' ? 'in this time' : sample(now.total_views)}</dd>
    </div>
  );
}

export const sample = (views: number): string => `of ${count(views)} ${views === 1 ? 'view' : 'views'}${views > 0 && views < FEW_VIEWS ? ' · few views' : ''}`;

const asked = (figures: Figure[], { now, before }: Scope) => figures.flatMap((figure) => [
  { what: figure.label, path: pathOf(figure, now) },
  ...(before === undefined ? [] : [{ what: `${figure.label}, before`, path: pathOf(figure, before) }]),
]);

function cells(figures: Figure[], answers: Answers, scope: Scope): Cell[][] {
  const [from, to] = [scope.now.frame.fromS, scope.now.frame.toS].map((s) => new Date(s * 1_000).toISOString());
  return [
    ['metric', 'unit', 'value', 'views', 'value_before', 'views_before', 'from_utc', 'to_utc', 'filters'],
    ...figures.flatMap(({ metric, unit, filter }, i): Cell[][] => {
      const answer = answers[i];
      if (answer?.status !== 'ready') return [];
      const { now, before } = answer.value;
      return [[metric, UNIT_WORDS[unit], now.data.value, now.data.total_views, before?.data.value ?? null, before?.data.total_views ?? null, from ?? '', to ?? '', [...scope.now.filters, ...(filter === undefined ? [] : [filter])].map(filterText).join(' ')]];
    }),
  ];
}
