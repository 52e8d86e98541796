/** Two to four segments side by side: CDNs, versions, countries, this week and the last; with how far a difference can be believed. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { ask } from '../api/batch';
import { metricDefinitions } from '../api/metrics';
import type { Definition, OverallAnswer } from '../api/metrics';
import { explain } from '../api/client';
import { CompareCourse } from '../compare/CompareCourse';
import { CompareTable } from '../compare/CompareTable';
import { COMPARED, cellPath, segmentName, segmentsOf } from '../compare/segments';
import type { Cells, Segment } from '../compare/segments';
import { SegmentBar } from '../compare/SegmentBar';
import { Suggestions } from '../compare/Suggestions';
import { UNIT_WORDS } from '../charts/unit';
import { FilterChips } from '../panels/FilterChips';
import { FilterPicker } from '../panels/FilterPicker';
import { Toolbar } from '../panels/Toolbar';
import { address, exploreHref } from '../router';
import { zone } from '../time/zone';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import { useAnswer } from '../ui/hooks';
import { useScope } from '../ui/scope';
import { filterText } from '../views/filters';

export function ComparePage(): JSX.Element {
  const scope = useScope();
  const { params } = address.value;
  const segments = useMemo(() => segmentsOf(params, scope.now, scope.askedAtMs, zone.value), [params, scope]);
  useEffect(() => {
    document.title = 'Compare · Playhead';
  }, []);
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>Compare</h1><Toolbar scope={scope} compares={false} /></div>
      <div class="filter-bar"><FilterPicker now={scope.now} /><FilterChips filters={scope.filters} hint="A filter here holds for all segments." /></div>
      {segments.length < 2 ? <Suggestions scope={scope} /> : <><SegmentBar segments={segments} scope={scope} /><Compared segments={segments} /></>}
    </>
  );
}

interface Found {
  metrics: Definition[];
  cells: Cells;
  /** Of questions that were refused; the rest stands. */
  problems: string[];
}

/** All values in one question; each may fail by itself. */
async function find(segments: Segment[], signal: AbortSignal): Promise<Found> {
  const metrics = (await metricDefinitions()).filter(({ id }) => COMPARED.some((known) => known === id)).sort((a, b) => place(a) - place(b));
  const problems = new Set<string>();
  const rows = await Promise.all(metrics.map(async ({ id }) => {
    const values = await Promise.all(segments.map((segment) => ask<OverallAnswer>(cellPath(id, segment), signal).then(({ data }) => data, (error: unknown) => { problems.add(explain(error)); return undefined; })));
    return [id, values] as const;
  }));
  if (rows.every(([, values]) => values.every((value) => value === undefined))) throw new Error([...problems].join(' '));
  return { metrics, cells: Object.fromEntries(rows), problems: [...problems] };
}

const place = ({ id }: Definition): number => COMPARED.findIndex((known) => known === id);

function Compared({ segments }: { segments: Segment[] }): JSX.Element {
  const key = segments.map((segment) => cellPath('views', segment)).join('\n');
  const source = useAnswer(key, (signal) => find(segments, signal));
  const wanted = address.value.params.get('metric') ?? 'video_startup_time';
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  const chosen = known?.metrics.find(({ id }) => id === wanted) ?? known?.metrics[0];
  const asked = segments.map((segment) => ({ what: segmentName(segment), path: cellPath(chosen?.id ?? 'views', segment) }));
  return (
    <>
      <Panel id="compared" title="Side by side" class="panel-compare" note={known !== undefined && known.problems.length > 0 ? `Not all of it loaded: ${known.problems.join(' ')}` : 'Differences are from the first. Choose a metric to see its course.'}
        actions={<PanelMenu title="Comparison" about={segments.map(segmentName)} asked={asked} rows={known && (() => rowsOf(known, segments))} />}>
        <StateGate source={source} what="the comparison">{({ metrics, cells }) => <CompareTable segments={segments} metrics={metrics} cells={cells} chosen={chosen?.id ?? ''} />}</StateGate>
      </Panel>
      {chosen !== undefined && (
        <>
          <CompareCourse key={chosen.id} segments={segments} metric={chosen} />
          <p class="note why">What is behind it: {segments.map((segment, i) => <span key={segment.letter}>{i > 0 && ', '}<a href={exploreHref(chosen.id, [...segment.filters.map((filter): [string, string] => ['filter', filterText(filter)])])}>{chosen.name.toLowerCase()} of {segmentName(segment)}</a></span>)}</p>
        </>
      )}
    </>
  );
}

const rowsOf = ({ metrics, cells }: Found, segments: Segment[]): Cell[][] => [
  ['metric', 'unit', ...segments.flatMap((segment) => [segmentName(segment), `views of ${segmentName(segment)}`])],
  ...metrics.map(({ id, unit }): Cell[] => [id, UNIT_WORDS[unit], ...segments.flatMap((_, i): Cell[] => [cells[id]?.[i]?.value ?? null, cells[id]?.[i]?.total_views ?? null])]),
];
