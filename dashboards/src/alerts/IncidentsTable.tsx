/** Incidents as rows: how grave, what, since when, how many views. */
import type { JSX } from 'preact';
import { DASH, count, countInFull, dateTime, duration, utc } from '../charts/format';
import { valueText } from '../charts/unit';
import { incidentHref } from '../router';
import type { Unit } from '../time/compare';
import { Glyph } from '../ui/Glyph';
import { dimensionWords } from '../views/filters';
import { lastedMs, unitOf } from './incidents';
import type { Incident, Status } from './incidents';

export const STATUS_WORDS: Record<Status, string> = { open: 'Open', closed: 'Closed', expired: 'Expired' };

export function Severity({ incident: { severity, status } }: { incident: Incident }): JSX.Element {
  const alert = severity === 'alert';
  return <span class="view-state" data-tone={status !== 'open' ? 'none' : alert ? 'bad' : 'warn'}><Glyph shape={alert ? 'octagon' : 'triangle'} /> {alert ? 'Alert' : 'Warning'}</span>;
}

export function IncidentsTable({ incidents, units, what }: { incidents: Incident[]; units: Map<string, Unit>; what: string }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${what}, rows`}>
      <table class="incidents">
        <colgroup><col class="w-state" /><col /><col class="w-with" /><col class="w-start" /><col class="w-wide" /><col class="w-wide" /><col class="w-wide" /></colgroup>
        <thead><tr><th scope="col">Severity</th><th scope="col">What</th><th scope="col">State</th><th scope="col">Began</th><th scope="col" class="num">Lasted</th><th scope="col" class="num">Measured</th><th scope="col" class="num">Views hit</th></tr></thead>
        <tbody>
          {incidents.map((incident) => (
            <tr key={incident.id} data-incident={incident.id}>
              <td><Severity incident={incident} /></td>
              <th scope="row" class="title-cell"><a href={incidentHref(incident.id)} title={incident.description}>{incident.description}</a><span class="note cut">{incident.breakdowns.map(({ name, value }) => `${dimensionWords(name)} ${value}`).join(', ')}</span></th>
              <td class="cut" title={incident.acknowledged_by === null ? undefined : `${incident.acknowledged_by} sees to it`}>{STATUS_WORDS[incident.status]}{incident.status === 'open' && <span class="note">{incident.acknowledged_by ?? 'nobody sees to it'}</span>}</td>
              <td title={utc(Date.parse(incident.started_at))}>{dateTime(Date.parse(incident.started_at), Date.now())}</td>
              <td class="num">{duration(lastedMs(incident, Date.now()))}</td>
              <td class="num" title={incident.opened_by === null ? `Threshold: ${valueText(incident.threshold, unitOf(incident.measurement, units))}` : 'Opened by hand: nothing was measured'}>{valueText(incident.measured_value, unitOf(incident.measurement, units))}</td>
              <td class="num" title={incident.opened_by === null ? countInFull(incident.affected_views) : undefined}>{incident.opened_by === null ? count(incident.affected_views) : DASH}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
