/** What is wrong now: who fares much worse than everybody else, by how many viewers it hits. Asked when one looks, and again on demand. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { getJson } from '../api/client';
import { count, plural, ratio, timeOfDay } from '../charts/format';
import { withScope } from '../router';
import { Glyph } from '../ui/Glyph';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import { dimensionWords } from '../views/filters';
import { GROUPED, WATCHED, ranked, wrongOf } from './wrong';
import type { MonitoredGroup, Watched, Wrong } from './wrong';

const WORDS: Record<Watched, { does: string; explore: string; title: string }> = {
  'current-rebuffering-percentage': { does: 'of watching is rebuffering', explore: 'rebuffer_percentage', title: 'Rebuffering' },
  'playback-failure-percentage': { does: 'of viewers fail', explore: 'playback_failure_percentage', title: 'Failures' },
};

const MOST_ROWS = 12;

interface Found {
  wrong: Wrong[];
  viewers: number;
}

const pathOf = (metric: Watched, dimension: string): string => `/data/v1/monitoring/metrics/${metric}/breakdown?dimension=${dimension}`;

const QUESTIONS = WATCHED.flatMap((metric) => GROUPED.map((dimension) => ({ metric, dimension, path: pathOf(metric, dimension) })));

async function find(signal: AbortSignal): Promise<Found> {
  const answers = await Promise.all(QUESTIONS.map(({ path }) => getJson<{ data: MonitoredGroup[] }>(path, signal)));
  const wrong = QUESTIONS.flatMap(({ metric, dimension }, i) => wrongOf(metric, dimension, answers[i]?.data ?? []));
  const viewers = Math.max(0, ...answers.map(({ data }) => data.reduce((sum, group) => sum + group.concurrent_viewers, 0)));
  return { wrong: ranked(wrong), viewers };
}

export function WrongNow(): JSX.Element {
  const [round, setRound] = useState(0);
  const askedAtMs = useMemo(Date.now, [round]);
  const source = useAnswer(`wrong ${round}`, find);
  const known = source.data.status === 'ready' ? source.data.value.wrong : undefined;
  const cells = () => [
    ['metric', 'dimension', 'value', 'part', 'part_elsewhere', 'viewers', 'affected_viewers'],
    ...(known ?? []).map(({ metric, dimension, value, part, elsewhere, viewers, affected }) => [metric, dimension, value, part, elsewhere, viewers, affected]),
  ];
  return (
    <Panel
      id="wrong" title="What is wrong now" class="panel-wrong" note={`As of ${timeOfDay(askedAtMs)}; by viewers hit`}
      actions={<><button type="button" class="button" id="refresh" onClick={() => setRound((n) => n + 1)}>Look again</button><PanelMenu title="What is wrong now" about={[]} asked={QUESTIONS.map(({ metric, dimension, path }) => ({ what: `${WORDS[metric].title} by ${dimensionWords(dimension)}`, path }))} rows={known && cells} /></>}
    >
      <StateGate source={source} what="what is wrong now">
        {({ wrong, viewers }) => (wrong.length === 0 ? <Nothing viewers={viewers} /> : <ul class="wrong">{wrong.slice(0, MOST_ROWS).map((row) => <Row key={`${row.metric} ${row.dimension} ${row.value}`} row={row} />)}</ul>)}
      </StateGate>
    </Panel>
  );
}

function Nothing({ viewers }: { viewers: number }): JSX.Element {
  return (
    <div class="state" data-state="empty">
      <p class="state-title">{viewers === 0 ? 'Nobody is watching.' : `No group stands out among ${plural(viewers, 'viewer')}.`}</p>
      <p>Looked for: twice as much rebuffering or twice as many failures as everybody else, by {GROUPED.map(dimensionWords).join(', ')}, of groups of 20 viewers and more.</p>
    </div>
  );
}

function Row({ row: { metric, dimension, value, text, part, elsewhere, viewers, affected } }: { row: Wrong }): JSX.Element {
  const { does, explore } = WORDS[metric];
  const only: [string, string][] = [['filter', `${dimension}:${value}`], ['timeframe', '1h']];
  return (
    <li>
      <span class="wrong-affected" title="Viewers hit">{count(Math.round(affected))}</span>
      <span class="wrong-what" data-tone={metric === 'playback-failure-percentage' ? 'bad' : 'warn'}>
        <Glyph shape={metric === 'playback-failure-percentage' ? 'octagon' : 'triangle'} /> <strong>{dimensionWords(dimension)} {text}</strong>: {ratio(part)} {does}, {ratio(elsewhere)} elsewhere; {plural(viewers, 'viewer')}
      </span>
      <span class="wrong-ways">
        <a href={withScope(`/explore/${explore}`, ['zone'], only)}>Explore</a> <a href={withScope('/views', ['zone'], only)}>Views</a>
      </span>
    </li>
  );
}
