/** What is wrong now, as the live topic tells it: groups that fare much worse than everybody else, those that hit most viewers first. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { count, plural, ratio } from '../charts/format';
import { topicPath } from '../live/topics';
import type { Problem, Problems } from '../live/topics';
import { withScope } from '../router';
import { may } from '../ui/Allowed';
import { Glyph } from '../ui/Glyph';
import type { Shape } from '../ui/Glyph';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import { useOrder, useTopic } from '../ui/hooks';
import { dimensionWords } from '../views/filters';

interface Look {
  does: string;
  explore: string;
  shape: Shape;
  tone: 'warn' | 'bad';
}

/** A newer server may look for more than this page knows. */
const LOOKS: Partial<Record<string, Look>> = {
  rebuffering: { does: 'rebuffering', explore: 'rebuffer_percentage', shape: 'triangle', tone: 'warn' },
  failures: { does: 'failed', explore: 'playback_failure_percentage', shape: 'octagon', tone: 'bad' },
};

const RANK_EVERY_MS = 5_000;

/** `most`: as many as there is room for; all of them are under Alerts. */
export function WrongNow({ most = Infinity }: { most?: number }): JSX.Element {
  const source = useTopic('problems', {});
  const found = source.data.status === 'ready' ? Object.keys(source.data.value.rows).length : 0;
  return (
    <Panel id="wrong" title="What is wrong now" class={most < Infinity ? 'panel-wrong panel-brief' : 'panel-wrong'} note={found === 0 ? undefined : 'By viewers hit'} 
      actions={<>
        {found > most && <a class="state-link" href={withScope('/alerts', ['zone'])}>All {found}</a>}
        <PanelMenu title="What is wrong now" about={[]} asked={[{ what: 'What is wrong now', path: topicPath('problems', {}) }]} rows={source.data.status === 'ready' ? rowsOf(source.data.value) : undefined} />
      </>}>
      <StateGate
        source={source} what="what is wrong now" isEmpty={({ rows }) => Object.keys(rows).length === 0}
        empty={<><p class="state-title">No group of viewers stands out.</p><p class="note">Looked for at every moment: groups of 20 viewers and more with twice as much rebuffering, or twice as many failures in ten minutes, as everybody else.</p></>}
      >
        {(problems) => <List problems={problems} most={most} />}
      </StateGate>
    </Panel>
  );
}

const rowsOf = ({ rows }: Problems) => (): Cell[][] => [
  ['dimension', 'value', 'kind', 'viewers', 'affected', 'ratio', 'elsewhere_ratio'],
  ...Object.values(rows).sort((a, b) => b.affected - a.affected).map(({ dimension, value, kind, viewers, affected, ratio: part, elsewhere_ratio: elsewhere }) => [dimension, value, kind, viewers, affected, part, elsewhere]),
];

function List({ problems: { rows }, most }: { problems: Problems; most: number }): JSX.Element {
  const ranked = Object.keys(rows).sort((a, b) => (rows[b]?.affected ?? 0) - (rows[a]?.affected ?? 0) || a.localeCompare(b));
  const { ids, hold } = useOrder(ranked, RANK_EVERY_MS);
  // What is over while the rows are held in place keeps its last values.
  const last = useRef(new Map<string, Problem>());
  const shown = ids.slice(0, most).flatMap((id) => {
    const row = rows[id] ?? last.current.get(id);
    return row === undefined ? [] : [[id, row] as const];
  });
  last.current = new Map(shown);
  return (
    <ul class="wrong" {...hold}>
      {shown.map(([, row], place) => <Row key={place} row={row} mayOpen={most === Infinity && may('write')} />)}
    </ul>
  );
}

function Row({ row: { dimension, value, kind, viewers, affected, ratio: part, elsewhere_ratio: elsewhere }, mayOpen }: { row: Problem; mayOpen: boolean }): JSX.Element | null {
  const look = LOOKS[kind];
  if (look === undefined) return null;
  const { does, explore, shape, tone } = look;
  const who = `${dimensionWords(dimension)} ${value}`;
  const only: [string, string][] = [['filter', `${dimension}:${value}`], ['timeframe', '1h']];
  const way = (path: string, word: string): JSX.Element => <a href={withScope(path, ['zone'], only)}>{word}<span class="visually-hidden"> {who}, {does}</span></a>;
  return (
    <li>
      <span class="wrong-affected" title={`${plural(affected, 'viewer')} hit`}>{count(affected)}</span>
      <span class="wrong-what" data-tone={tone}>
        <Glyph shape={shape} /> <strong>{dimensionWords(dimension)} <bdi>{value}</bdi></strong>: {ratio(part)} {does}, {ratio(elsewhere)} elsewhere; {plural(viewers, 'viewer')}
      </span>
      <span class="wrong-ways">{mayOpen && <a href={withScope('/alerts', ['zone'], [['filter', `${dimension}:${value}`], ['metric', explore], ['show', 'new']])}>Open incident<span class="visually-hidden"> about {who}, {does}</span></a>} {way(`/explore/${explore}`, 'Explore')} {way('/views', 'Views')}</span>
    </li>
  );
}
