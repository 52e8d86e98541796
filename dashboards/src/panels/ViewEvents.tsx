/** Every event of a view with everything it said: the timeline's twin for reading. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { DASH, duration, plural, position, positionExact, timeOfDay, utc } from '../charts/format';
import { Panel } from '../ui/Panel';
import type { Cell } from '../ui/export';
import { isFatal, readAt } from '../views/course';
import type { Course, ViewEvent } from '../views/course';
import { STATE_WORDS } from './TimelinePicture';

const AT_FIRST = 200;

/** All that the table says, for a file. */
export const eventCells = (events: ViewEvent[], course: Course): Cell[][] => [
  ['sequence', 'at_ms', 'event', 'state_from_here', 'playhead_ms', 'received_utc', 'error_code', 'error_message', 'attributes'],
  ...events.map(({ sequence, atMs, name, playheadMs, receivedMs, error, attributes }) =>
    [sequence, atMs, name, readAt(course, atMs, 0).state, playheadMs ?? null, receivedMs === undefined ? null : utc(receivedMs), error?.code ?? null, error?.message ?? null, JSON.stringify(attributes)]),
];

export function ViewEvents({ events, course, menu }: { events: ViewEvent[]; course: Course; menu: JSX.Element }): JSX.Element {
  const [all, showAll] = useState(false);
  const shown = all ? events : events.slice(0, AT_FIRST);
  return (
    <Panel id="events" title="Events" note={`${plural(events.length, 'event')}, by the player’s own clock`} class="panel-events" actions={menu}>
      <div class="scroll" tabIndex={0} role="region" aria-label="Events of this view">
        <table>
          <colgroup><col class="w-number" /><col class="w-after" /><col class="w-event" /><col class="w-event" /><col class="w-number" /><col class="w-after" /><col /></colgroup>
          <thead>
            <tr><th scope="col">No.</th><th scope="col" class="num">After</th><th scope="col">Event</th><th scope="col">State from here</th><th scope="col" class="num">Playhead</th><th scope="col" class="num">Received</th><th scope="col">What it said</th></tr>
          </thead>
          <tbody>{shown.map((event, i) => <Line key={event.sequence} event={event} number={i + 1} state={STATE_WORDS[readAt(course, event.atMs, 0).state]} />)}</tbody>
        </table>
      </div>
      {shown.length < events.length && <button type="button" class="button more" onClick={() => showAll(true)}>Show all {plural(events.length, 'event')}</button>}
    </Panel>
  );
}

function Line({ event, number, state }: { event: ViewEvent; number: number; state: string }): JSX.Element {
  const { receivedMs } = event;
  return (
    <tr data-event={event.name}>
      <th scope="row" title={`sequence ${event.sequence}`}>{number}</th>
      <td class="num" title={duration(event.atMs)}>{positionExact(event.atMs)}</td>
      <td>{event.name}</td>
      <td>{state}</td>
      <td class="num">{position(event.playheadMs)}</td>
      <td class="num" title={receivedMs === undefined ? undefined : utc(receivedMs)}>{receivedMs === undefined ? DASH : timeOfDay(receivedMs)}</td>
      <td class="event-said">
        {event.error !== undefined && <><strong>{isFatal(event) ? 'fatal' : 'warning'} {event.error.code}</strong> {event.error.message} </>}
        {Object.entries(event.attributes).map(([name, value]) => <span class="attribute" key={name}><code>{name}</code> {value} </span>)}
      </td>
    </tr>
  );
}
