/** Opening an incident by hand: what is wrong, how grave, since when, and which views, which are the chips of the address. */
import type { JSX } from 'preact';
import type { Definition } from '../api/metrics';
import { FilterChips } from '../panels/FilterChips';
import { FilterPicker } from '../panels/FilterPicker';
import { showHref } from '../panels/settings/place';
import { address, incidentHref, navigate } from '../router';
import { inputMs, inputText } from '../time/input';
import { zone } from '../time/zone';
import { Field, textsOf } from '../ui/Field';
import { Panel } from '../ui/Panel';
import { fieldOf, useAct } from '../ui/act';
import type { Scope } from '../ui/scope';
import { SEVERITIES, openIncident } from './incidents';

/** What is most often reported first. */
const FIRST_METRIC = 'playback_failure_percentage';

export function IncidentForm({ scope, metrics }: { scope: Scope; metrics: Definition[] }): JSX.Element {
  const { busy, problem, run } = useAct();
  const { filters } = scope.now;
  const unfit = filters.some(({ negated, relation, value }) => negated || relation !== undefined || value === '');
  const about = fieldOf(problem, { description: /description/, started_at: /started_at|time/, note: /note/ });
  const problemOf = (field: string): string | undefined => (about === field ? problem : undefined);
  const wantedMetric = address.value.params.get('metric') ?? FIRST_METRIC;
  const submit = (event: SubmitEvent): void => {
    const text = textsOf(event);
    void run(async () => {
      const startedMs = inputMs(text('started_at'));
      if (Number.isNaN(startedMs)) throw new Error('Give a time.');
      const opened = await openIncident({
        description: text('description'), severity: text('severity'), measurement: text('measurement'), started_at: Math.floor(startedMs / 1_000),
        breakdowns: filters.map(({ dimension, value }) => ({ name: dimension, value })), note: text('note'),
      });
      navigate(incidentHref(opened.id));
    });
  };
  return (
    <Panel id="new-incident" title="Open an incident" class="panel-form" note="For what people report and nobody measures">
      <div class="field">
        <h3>Views it is about</h3>
        <div class="menu-line"><FilterChips filters={filters} hint="All views." /><FilterPicker now={scope.now} /></div>
        {unfit && <p class="problem" role="alert">An incident is about values: “is” conditions alone.</p>}
      </div>
      <form class="form" onSubmit={submit} aria-label="Open an incident">
        <Field form="incident" name="description" label="What is wrong" problem={problemOf('description')}>
          {(control) => <input {...control} required maxLength={200} autocomplete="off" placeholder="edge-b answers 503" />}
        </Field>
        <div class="form-columns">
          <Field form="incident" name="severity" label="Severity">
            {(control) => <select {...control}>{SEVERITIES.map((word) => <option key={word} value={word}>{word === 'alert' ? 'Alert' : 'Warning'}</option>)}</select>}
          </Field>
          <Field form="incident" name="measurement" label="Shows in">
            {(control) => <select {...control} key={metrics.length}>{metrics.map(({ id, name }) => <option key={id} value={id} selected={id === wantedMetric}>{name}</option>)}</select>}
          </Field>
          <Field form="incident" name="started_at" label={`Since, ${zone.value === 'utc' ? 'UTC' : 'local time'}`} problem={problemOf('started_at')}>
            {(control) => <input {...control} type="datetime-local" step={60} defaultValue={inputText(Math.floor(scope.askedAtMs / 60_000) * 60)} />}
          </Field>
        </div>
        <Field form="incident" name="note" label="What is known so far" problem={problemOf('note')}>
          {(control) => <textarea {...control} rows={3} maxLength={4_000} />}
        </Field>
        <p class="problem" role="alert">{about === undefined && problem}</p>
        <p class="form-line">
          <a class="button" href={showHref('')}>Cancel</a>
          <button type="submit" class="button primary" disabled={busy || unfit}>{busy ? 'Opening' : 'Open the incident'}</button>
        </p>
      </form>
    </Panel>
  );
}
