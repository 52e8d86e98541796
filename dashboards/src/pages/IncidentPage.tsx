/** One incident: what, how bad, for whom, its metric around it, and what may have the same cause. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError, getJson } from '../api/client';
import { metricDefinitions } from '../api/metrics';
import { IncidentLog } from '../alerts/IncidentLog';
import { IncidentsTable, STATUS_WORDS, Severity } from '../alerts/IncidentsTable';
import { filtersOfIncident, frameOf, incidentPath, lastedMs, unitOf } from '../alerts/incidents';
import type { Incident, IncidentsAnswer } from '../alerts/incidents';
import { DASH, count, dateTimeFull, duration, plural, utc } from '../charts/format';
import { valueText } from '../charts/unit';
import { HistoryPanel } from '../panels/HistoryPanel';
import type { Measured } from '../panels/HistoryPanel';
import { withScope } from '../router';
import type { Unit } from '../time/compare';
import { written } from '../time/frame';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { Said } from '../ui/Said';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { dimensionWords, parseFilter } from '../views/filters';
import { useUnits } from './AlertsPage';

export function IncidentPage({ incidentId }: { incidentId: string }): JSX.Element {
  const path = incidentPath(incidentId);
  const source = useAnswer(path, (signal) => found(path, signal));
  // As it is after what was done here; the page stays while somebody writes.
  const [changed, change] = useState<Incident | undefined>(undefined);
  const incident = changed ?? (source.data.status === 'ready' ? source.data.value : undefined);
  useEffect(() => {
    document.title = `${incident?.description ?? 'Incident'} · Playhead`;
  }, [incident]);
  if (incident !== undefined) return <Shown incident={incident} onChanged={change} />;
  return (
    <div class="page-frame panel">
      <h1 class="visually-hidden" tabIndex={-1}>Incident</h1>
      <StateGate source={source} what="the incident">
        {() => <div class="state" data-state="not-found"><p class="state-title">There is no incident with this id.</p><p><a href={withScope('/alerts', ['zone'])}>All incidents</a></p></div>}
      </StateGate>
    </div>
  );
}

/** `undefined` when there is none with the id. */
async function found(path: string, signal: AbortSignal): Promise<Incident | undefined> {
  try {
    return (await getJson<{ data: Incident }>(path, signal)).data;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function Shown({ incident, onChanged }: { incident: Incident; onChanged: (now: Incident) => void }): JSX.Element {
  const { description, impact, error_description: error, breakdowns, measurement } = incident;
  const definitions = useAnswer('definitions', metricDefinitions);
  const units = useUnits();
  const definition = definitions.data.status === 'ready' ? definitions.data.value.find(({ id }) => id === measurement) : undefined;
  const scope = useMemo(() => scopeOf(incident), [incident.id]);
  const around: [string, string][] = [['timeframe', written(scope.now.frame)], ...filtersOfIncident(incident)];
  const of: Measured = { metric: measurement, label: definition?.name ?? measurement, unit: unitOf(measurement, units), direction: definition?.direction ?? 'neither' };
  return (
    <>
      <div class="page-head">
        <div><p class="note"><a href={withScope('/alerts', ['zone'])}>Alerts</a></p><h1 tabIndex={-1}>{description}</h1></div>
        <div class="incident-state"><Severity incident={incident} /> <span>{STATUS_WORDS[incident.status]}{incident.status === 'open' && `, ${incident.acknowledged_by ?? 'nobody'} sees to it`}</span><Said /></div>
      </div>
      <Panel id="incident" title="What it is" actions={<PanelMenu title={description} about={[]} asked={[{ what: 'This incident', path: incidentPath(incident.id) }]} />}>
        {[impact, error].filter((text) => text !== '').map((text) => <p key={text}>{text}</p>)}
        <dl class="facts incident-facts">{facts(incident, of).map(([name, value, title]) => <div key={name}><dt>{name}</dt><dd title={title}>{value}</dd></div>)}</dl>
        <p class="headline-detail">
          {breakdowns.length === 0 ? <span>About all views.</span> : <span>About the views with {breakdowns.map(({ name, value }) => `${dimensionWords(name)} ${value}`).join(', ')}.</span>}
          <a href={withScope('/views', ['zone'], around)}>These views</a>
          <a href={withScope(`/explore/${measurement}`, ['zone'], around)}>Explore {of.label.toLowerCase()}</a>
          <a href={withScope('/errors', ['zone'], around)}>Their errors</a>
        </p>
      </Panel>
      <IncidentLog incident={incident} onChanged={onChanged} />
      <HistoryPanel id="course" title={`${of.label} around it`} of={of} scope={scope} />
      <Related incident={incident} units={units} />
    </>
  );
}

function facts(incident: Incident, { unit }: Measured): [name: string, value: string, title?: string][] {
  const { started_at: from, resolved_at: to, measured_value: measured, measured_value_on_close: closing, threshold, sample_size: sample, sample_size_unit: of } = incident;
  const times: [string, string, string?][] = [
    ['Began', dateTimeFull(Date.parse(from)), utc(Date.parse(from))],
    [to === null ? 'Goes on for' : 'Lasted', duration(lastedMs(incident, Date.now()))],
  ];
  // Opened by hand: nobody measured, and zeros would lie.
  if (incident.opened_by !== null) return [...times, ['Opened by', incident.opened_by], ['Measured', 'nothing']];
  return [
    ...times,
    ['Views hit', count(incident.affected_views), plural(incident.affected_views_per_hour, 'view') + ' an hour'],
    ['Measured', valueText(measured, unit)],
    ['Threshold', valueText(threshold, unit)],
    ['At its end', to === null ? DASH : valueText(closing, unit)],
    ['Measured over', `${count(sample)} ${of}`],
  ];
}

/** The screen's own timeframe would be about something else. */
function scopeOf(incident: Incident): Scope {
  const nowMs = Date.now();
  const frame = frameOf(incident, nowMs);
  const filters = filtersOfIncident(incident).flatMap(([, text]) => parseFilter(text) ?? []);
  return { timeframe: written(frame), comparison: 'none', filters, now: { frame, filters }, before: undefined, askedAtMs: nowMs, refresh: () => undefined };
}

function Related({ incident, units }: { incident: Incident; units: Map<string, Unit> }): JSX.Element {
  const path = `${incidentPath(incident.id)}/related`;
  const source = useAnswer(path, (signal) => getJson<IncidentsAnswer>(path, signal));
  return (
    <Panel id="related" title="May have the same cause" note="At the same time, of the same metric or of the same views" class="panel-breakdown" actions={<PanelMenu title="Related incidents" about={[]} asked={[{ what: 'Related incidents', path }]} />}>
      <StateGate source={source} what="what is related" isEmpty={({ data }) => data.length === 0} empty={<p class="state-title">No other incident is like it.</p>}>
        {({ data }) => <IncidentsTable incidents={data} units={units} what="Related incidents" />}
      </StateGate>
    </Panel>
  );
}
