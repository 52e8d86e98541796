/** What is wrong now, what was found to be wrong, and what people noted. It says plainly what nobody looks for yet. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { getJson } from '../api/client';
import { metricDefinitions } from '../api/metrics';
import { IncidentsTable, STATUS_WORDS } from '../alerts/IncidentsTable';
import { MOST, SEVERITIES, STATUSES, incidentsPath } from '../alerts/incidents';
import type { Incident, IncidentsAnswer } from '../alerts/incidents';
import { NotesList } from '../alerts/NotesList';
import { plural } from '../charts/format';
import { IncidentForm } from '../alerts/IncidentForm';
import { TimePicker } from '../panels/TimePicker';
import { WrongNow } from '../panels/WrongNow';
import { showHref, shown } from '../panels/settings/place';
import { address, oneOf, withScope } from '../router';
import type { Unit } from '../time/compare';
import { ZONES, ZONE_WORDS } from '../time/zone';
import { NotAllowed, may } from '../ui/Allowed';
import { Glyph } from '../ui/Glyph';
import { Choices, Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import { useScope } from '../ui/scope';

export function AlertsPage(): JSX.Element {
  const scope = useScope();
  const definitions = useAnswer('definitions', metricDefinitions);
  useEffect(() => {
    document.title = 'Alerts · Playhead';
  }, []);
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>Alerts</h1><Choices label="Time zone" param="zone" options={ZONES} fallback="local" words={ZONE_WORDS} /></div>
      <p class="panel honest"><Glyph shape="dash" /> <span><strong>Nothing watches by itself yet.</strong> Playhead opens no incidents and notifies nobody; that is still to be built. Below is what stands out at this moment, live, and what people have put on record.</span></p>
      {shown() === 'new' && (may('write') ? <IncidentForm scope={scope} metrics={definitions.data.status === 'ready' ? definitions.data.value : []} /> : <NotAllowed what="Opening incidents" needs="editor" />)}
      <WrongNow />
      <Incidents />
      <div class="page-head"><span /><TimePicker timeframe={scope.timeframe} frame={scope.now.frame} /></div>
      <NotesList scope={scope} />
    </>
  );
}

/** The units of all metrics; without them values are shown bare. */
export function useUnits(): Map<string, Unit> {
  const { data } = useAnswer('definitions', metricDefinitions);
  return data.status === 'ready' ? new Map(data.value.map(({ id, unit }) => [id, unit])) : NO_UNITS;
}

const NO_UNITS = new Map<string, Unit>();
const STATUS_CHOICES = ['all', ...STATUSES] as const;
const SEVERITY_CHOICES = ['all', ...SEVERITIES] as const;

function Incidents(): JSX.Element {
  const status = oneOf(address.value, 'status', STATUS_CHOICES, 'all');
  const severity = oneOf(address.value, 'severity', SEVERITY_CHOICES, 'all');
  const path = incidentsPath(status, severity);
  const source = useAnswer(path, (signal) => getJson<IncidentsAnswer>(path, signal));
  const units = useUnits();
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  return (
    <Panel
      id="incidents" title="Incidents" class="panel-breakdown" note={known !== undefined && known.total_row_count > MOST ? `The newest ${MOST} of ${known.total_row_count}` : known !== undefined && known.total_row_count > 0 ? plural(known.total_row_count, 'incident') : undefined}
      actions={<>
        <Choices label="State" param="status" options={STATUS_CHOICES} fallback="all" words={{ all: 'All', ...STATUS_WORDS }} />
        <Choices label="Severity" param="severity" options={SEVERITY_CHOICES} fallback="all" words={{ all: 'Any', alert: 'Alerts', warning: 'Warnings' }} />
{may('write') && <a class="button" id="open-incident" href={showHref('new')}>Open an incident</a>}
        <PanelMenu title="Incidents" about={[]} asked={[{ what: 'Incidents', path }]} rows={known && (() => cells(known.data))} />
      </>}
    >
      <StateGate source={source} what="the incidents" isEmpty={({ data }) => data.length === 0}
        empty={<><p class="state-title">No incident {status === 'all' && severity === 'all' ? 'is on record' : 'like that is on record'}.</p><p>That does not mean that nothing was wrong: nothing looks by itself. What viewers met is under <a href={withScope('/errors')}>Errors</a> and <a href={withScope('/overview')}>Overview</a>.</p></>}>
        {({ data }) => <IncidentsTable incidents={data} units={units} what="Incidents" />}
      </StateGate>
    </Panel>
  );
}

const cells = (incidents: Incident[]) => [
  ['id', 'severity', 'status', 'description', 'metric', 'measured', 'threshold', 'affected_views', 'started_utc', 'resolved_utc', 'opened_by', 'acknowledged_by'],
  ...incidents.map(({ id, severity, status, description, measurement, measured_value: value, threshold, affected_views: views, started_at: from, resolved_at: to, opened_by: opener, acknowledged_by: by }) =>
    [id, severity, status, description, measurement, value, opener === null ? threshold : null, opener === null ? views : null, from, to, opener, by]),
];
