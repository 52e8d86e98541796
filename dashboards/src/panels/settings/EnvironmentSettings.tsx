/** An environment's name and how long it keeps its data; and, for who has several, going to another one. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { changeTenant, createEnvironment, tenant } from '../../api/manage';
import type { NewEnvironment, Tenant } from '../../api/manage';
import { refreshSession, session, turnTo } from '../../api/session';
import { plural } from '../../charts/format';
import type { SectionProps } from '../../pages/SettingsPage';
import { isOwner, may, NotAllowed } from '../../ui/Allowed';
import { Confirm } from '../../ui/Confirm';
import { Field, textsOf } from '../../ui/Field';
import { Panel } from '../../ui/Panel';
import { Secret } from '../../ui/Secret';
import { StateGate } from '../../ui/StateGate';
import { Moment, Thing } from '../../ui/Thing';
import { fieldOf, say, useAct } from '../../ui/act';
import { useAnswer } from '../../ui/hooks';
import { KEPT_DAYS } from '../../time/frame';

export function EnvironmentSettings({ environment }: SectionProps): JSX.Element {
  const source = useAnswer(`environment ${environment.id}`, tenant(environment.id));
  const onChanged = (sentence: string): void => {
    say(sentence);
    source.retry();
    // Its name stands in the head of the page, too; if that cannot be asked now, it is with the next page.
    void refreshSession().catch(() => undefined);
  };
  return (
    <>
      <Panel id="environment" title={environment.name} note="The wall: keys, tokens and views of one environment never show in another" class="panel-form">
        {!may('admin') && <NotAllowed what="Renaming and setting how long data is kept" needs="admin" />}
        <StateGate source={source} what="the environment">
          {(of) => <>
            <p class="note">Its id is <code>{of.id}</code>, and stays. Made <Moment ms={of.created_ms} />.</p>
            {may('admin') ? <><NameForm key={of.name} of={of} onChanged={onChanged} /><RetentionForm key={of.retention_days} of={of} onChanged={onChanged} /></> : <p>Views and events are kept for {plural(of.retention_days, 'day')}.</p>}
          </>}
        </StateGate>
      </Panel>
      {source.data.status !== 'loading' && <Others />}
    </>
  );
}

interface FormProps {
  of: Tenant;
  onChanged: (sentence: string) => void;
}

function NameForm({ of, onChanged }: FormProps): JSX.Element {
  const { busy, problem, run } = useAct();
  const submit = (event: SubmitEvent): void => {
    const name = textsOf(event)('name');
    void run(() => changeTenant(of.id, { name }).then(() => onChanged(`It is called “${name}” now.`)));
  };
  return (
    <form class="form" onSubmit={submit} aria-label="Rename">
      <Field form="environment" name="name" label="Name" problem={problem}>
        {(control) => <span class="with-button"><input {...control} required defaultValue={of.name} autocomplete="off" /><button type="submit" class="button" disabled={busy}>Rename</button></span>}
      </Field>
    </form>
  );
}

function RetentionForm({ of, onChanged }: FormProps): JSX.Element {
  const { busy, problem, run } = useAct();
  const [shorter, ask] = useState<number | undefined>(undefined);
  const change = (days: number): Promise<void> => changeTenant(of.id, { retention_days: days }).then(() => onChanged(`Views and events are kept for ${plural(days, 'day')} now.`));
  const submit = (event: SubmitEvent): void => {
    const days = Number(textsOf(event)('retention_days'));
    if (days < of.retention_days) ask(days);
    else void run(() => change(days));
  };
  return (
    <form class="form" onSubmit={submit} aria-label="Retention">
      <Field form="environment" name="retention_days" label="Days to keep views and events" hint={`From 1 to ${KEPT_DAYS}, by the day they came in (UTC).`} problem={fieldOf(problem, { days: /retention_days/ }) === undefined ? problem : `From 1 to ${KEPT_DAYS} days. ${problem ?? ''}`}>
        {(control) => <span class="with-button"><input {...control} type="number" required min={1} max={KEPT_DAYS} defaultValue={String(of.retention_days)} /><button type="submit" class="button" disabled={busy}>Keep so long</button></span>}
      </Field>
      {shorter !== undefined && (
        <Confirm title={`Keep only ${plural(shorter, 'day')}?`} action="Delete what is older" onClose={() => ask(undefined)} onAct={() => change(shorter)}>
          <p>All views and events of <strong>{of.name}</strong> that came in more than {plural(shorter, 'day')} ago are deleted within the hour, and cannot be brought back. Until now they are kept for {plural(of.retention_days, 'day')}.</p>
        </Confirm>
      )}
    </form>
  );
}

function Others(): JSX.Element | null {
  const current = session.value;
  const { problem, run } = useAct();
  const [made, setMade] = useState<NewEnvironment | undefined>(undefined);
  if (current.status !== 'open' || (current.environments.length < 2 && !isOwner())) return null;
  return (
    <>
      {made !== undefined && <Secret title={`A token of ${made.id}`} what="id and secret" text={`${made.token.id}:${made.token.secret}`} onDone={() => setMade(undefined)} next={<p class="note">It may read, ask in SQL and write. The environment’s ingest key is <code>{made.ingest_key}</code>.</p>} />}
      <Panel id="environments" title="Environments" note="What you may look at" class="panel-things">
        <p class="problem" role="alert">{problem}</p>
        <ul class="things">
          {current.environments.map(({ id, name }) => (
            <Thing key={id} head={<><strong>{name}</strong>{id === current.environment.id && <span class="tag">this one</span>}</>} facts={<code>{id}</code>}>
              {id === current.environment.id ? undefined : <button type="button" class="button" onClick={() => void run(() => turnTo(id))}>Go there<span class="visually-hidden">: {name}</span></button>}
            </Thing>
          ))}
        </ul>
        {isOwner() && <NewEnvironmentForm onMade={(environment) => { setMade(environment); say(`Made the environment ${environment.id}.`); void refreshSession().catch(() => undefined); }} />}
      </Panel>
    </>
  );
}

function NewEnvironmentForm({ onMade }: { onMade: (environment: NewEnvironment) => void }): JSX.Element {
  const { busy, problem, run } = useAct();
  const submit = (event: SubmitEvent): void => {
    const form = event.currentTarget as HTMLFormElement;
    const name = textsOf(event)('name');
    void run(async () => onMade(await createEnvironment(name))).then((isDone) => isDone && form.reset());
  };
  return (
    <form class="form" onSubmit={submit} aria-label="New environment">
      <Field form="new-environment" name="name" label="New environment" hint="Of its own: keys, tokens, views. For another site, or for tests." problem={problem}>
        {(control) => <span class="with-button"><input {...control} required autocomplete="off" placeholder="staging" /><button type="submit" class="button" disabled={busy}>Make it</button></span>}
      </Field>
    </form>
  );
}
