/** One view as it happens: its state and figures, what has been seen of the video, and its events, newest first. */
import type { JSX } from 'preact';
import { DASH, count, duration, position } from '../charts/format';
import type { OneView } from '../live/topics';
import { Panel } from '../ui/Panel';
import { StateGate } from '../ui/StateGate';
import { ViewState } from '../ui/ViewState';
import type { Source } from '../ui/hooks';
import { PassesStrip } from './PassesStrip';

interface Props {
  source: Source<OneView>;
  started: boolean;
}

type Events = NonNullable<OneView['events']>;

const MOST_EVENTS = 100;

export function OneViewNow({ source, started }: Props): JSX.Element {
  return (
    <Panel id="view" title="This view, live" class="panel-view">
      {started ? (
        <StateGate source={source} what="this view">
          {/* Not known yet is an empty object. */}
          {({ view, events, ranges }) => view?.start_ms === undefined ? <Waiting /> : <Figures view={view} events={events ?? {}} ranges={Object.values(ranges ?? {})} />}
        </StateGate>
      ) : <Waiting />}
    </Panel>
  );
}

function Waiting(): JSX.Element {
  return <div class="state" data-state="empty"><p class="state-title">Press play: the first beacon starts the view.</p></div>;
}

interface FiguresProps {
  view: NonNullable<OneView['view']>;
  events: Events;
  ranges: [number, number][];
}

function Figures({ view, events, ranges }: FiguresProps): JSX.Element {
  const reach = Math.max(view.playhead_ms ?? 0, ...ranges.map(([, to]) => to));
  const durationMs = view.duration_ms ?? reach;
  const facts: [id: string, label: string, value: string][] = [
    ['view-playhead', 'Playhead', `${position(view.playhead_ms)} / ${position(view.duration_ms)}`],
    ['view-startup', 'Startup', duration(view.startup_ms)],
    ['view-stalls', 'Stalls', view.rebuffer_count === undefined ? DASH : `${count(view.rebuffer_count)} · ${duration(view.rebuffer_ms ?? 0)}`],
    ['view-playing', 'Playing time', duration(view.playing_ms)],
    ['view-seeks', 'Seeks', count(view.seek_count)],
    ['view-rendition', 'Rendition', view.rendition_height === undefined ? DASH : `${view.rendition_height}p`],
  ];
  return (
    <>
      <p class="view-now" id="view-state"><ViewState state={view.state} />{view.error_code !== undefined && <span class="note">error {view.error_code}</span>}</p>
      <dl class="facts">
        {facts.map(([id, label, value]) => <div key={id}><dt>{label}</dt><dd id={id}>{value}</dd></div>)}
      </dl>
      <h3>Played ranges</h3>
      <PassesStrip ranges={ranges} durationMs={durationMs} playheadMs={view.playhead_ms} />
      <h3>Events</h3>
      <EventLog events={events} />
    </>
  );
}

function EventLog({ events }: { events: Events }): JSX.Element {
  const newest = Object.entries(events).sort(([a], [b]) => Number(b) - Number(a)).slice(0, MOST_EVENTS);
  return (
    <div class="scroll" id="events" tabIndex={0} role="region" aria-label="Events of this view">
      <table>
        <thead><tr><th scope="col" class="w-number">No.</th><th scope="col">Event</th><th scope="col" class="num">After</th><th scope="col" class="num">Playhead</th></tr></thead>
        <tbody>
          {newest.map(([sequence, event], place) => (
            <tr key={place}><th scope="row">{sequence}</th><td>{event.type}</td><td class="num">{duration(event.t_ms)}</td><td class="num">{position(event.playhead_ms)}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
