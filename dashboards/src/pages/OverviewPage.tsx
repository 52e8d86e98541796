/** What happened in a timeframe: figures beside those before, how they went, and of what they are made. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { valueText } from '../charts/unit';
import { BreakdownPanel } from '../panels/BreakdownPanel';
import { Figures, FiguresMenu, figuresAt, useFigures, viewsOf } from '../panels/Figures';
import type { Figure } from '../panels/Figures';
import { PercentileSelect, chosenPercentile } from '../panels/PercentileSelect';
import { FilterChips } from '../panels/FilterChips';
import { FilterPicker } from '../panels/FilterPicker';
import { HistoryPanel } from '../panels/HistoryPanel';
import type { Measured } from '../panels/HistoryPanel';
import { NothingThen } from '../panels/NothingThen';
import { Toolbar } from '../panels/Toolbar';
import { address, exploreHref, oneOf, withScope } from '../router';
import { timeframeWords } from '../time/frame';
import { Announcer } from '../ui/Announcer';
import { Choices } from '../ui/Panel';
import { useScope } from '../ui/scope';
import type { Scope } from '../ui/scope';
import { dimensionWords } from '../views/filters';

const TRENDS = ['views', 'playing_time', 'unique_viewers', 'viewer_experience_score'] as const;
const FAMILIES = ['playback_failure_percentage', 'video_startup_time', 'rebuffer_percentage', 'exits_before_video_start'] as const;
const TOPS = ['video_id', 'country', 'cdn', 'browser'] as const;
const TOP_ROWS = 7;

export function OverviewPage(): JSX.Element {
  const scope = useScope();
  const percentile = chosenPercentile();
  const list = useMemo(() => figuresAt(percentile), [percentile]);
  const figures = useFigures(scope, list);
  useEffect(() => {
    document.title = 'Overview · Playhead';
  }, []);
  const views = viewsOf(figures);
  const spoken = views === undefined ? '' : `${valueText(views, 'count')} views in the ${timeframeWords(scope.timeframe)}`;
  return (
    <>
      <Announcer text={spoken} />
      <div class="page-head"><h1 tabIndex={-1}>Overview</h1><Toolbar scope={scope} /></div>
      <div class="filter-bar"><FilterPicker now={scope.now} /><FilterChips filters={scope.filters} hint="Choose a value anywhere to see only views with it." /><PercentileSelect /><FiguresMenu scope={scope} source={figures} /></div>
      <Figures scope={scope} source={figures} />
      {views === 0 ? <NothingThen scope={scope} /> : <Panels scope={scope} figures={list} />}
    </>
  );
}

function Panels({ scope, figures }: { scope: Scope; figures: Figure[] }): JSX.Element {
  const measured = (metric: string): Measured => figures.find((known) => known.metric === metric) ?? { metric, label: metric, unit: 'count', direction: 'neither' };
  const trend = oneOf(address.value, 'trend', TRENDS, 'views');
  const crosshair = useMemo(() => signal<number | undefined>(undefined), []);
  const words = Object.fromEntries(TRENDS.map((id) => [id, measured(id).label]));
  return (
    <>
      <HistoryPanel
        id="trend" title={`${measured(trend).label} over time`} titleHref={exploreHref(trend)} of={measured(trend)} scope={scope} crosshair={crosshair}
        actions={<Choices label="What is shown over time" param="trend" options={TRENDS} fallback="views" words={words} />}
      />
      <div class="families">
        {FAMILIES.map((id) => (
          <HistoryPanel key={id} id={`family-${id}`} title={measured(id).label} titleHref={exploreHref(id)} of={measured(id)} scope={scope} crosshair={crosshair} class="panel-small" />
        ))}
      </div>
      <div class="tops">
        {TOPS.map((dimension) => (
          <BreakdownPanel
            key={dimension} id={`top-${dimension}`} title={dimension === 'video_id' ? 'Videos' : dimensionWords(dimension)} scope={scope} compact
            titleHref={withScope('/explore/views', undefined, [['by', dimension]])}
            of={measured('views')} question={{ metric: 'views', dimension, order: 'views', descending: true, limit: TOP_ROWS }}
          />
        ))}
      </div>
    </>
  );
}
