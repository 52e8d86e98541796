/** A key's settings, to make one or to change it, and what to put into a page with it. */
import type { JSX } from 'preact';
import { changeKey, createKey } from '../../api/manage';
import type { IngestKey, KeySettings } from '../../api/manage';
import { address, oneOf, withScope } from '../../router';
import { SNIPPETS } from '../../start/snippets';
import { may } from '../../ui/Allowed';
import { CopyButton } from '../../ui/CopyButton';
import { Field, textsOf } from '../../ui/Field';
import { Choices, Panel } from '../../ui/Panel';
import { fieldOf, useAct } from '../../ui/act';
import { showHref } from './place';

const NONE: KeySettings = { name: '', origins: [], events_per_s: null };

export function NewKey({ onMade }: { onMade: (key: IngestKey) => void }): JSX.Element {
  return (
    <Panel id="new-key" title="New ingest key" class="panel-form">
      <KeyForm id="new-key" of={NONE} action="Make the key" save={async (wish) => onMade(await createKey(wish))} cancel />
    </Panel>
  );
}

export function ChangeKey({ of: key, onChanged }: { of: IngestKey; onChanged: () => void }): JSX.Element {
  return (
    <div class="two-sides">
      <KeySnippet ingestKey={key.ingest_key} />
      {may('admin') && <KeyForm id="key" of={key} action="Save" save={async (wish) => { await changeKey(key.ingest_key, wish); onChanged(); }} />}
    </div>
  );
}

const IDS = SNIPPETS.map(({ id }) => id);
const NAMES = Object.fromEntries(SNIPPETS.map(({ id, name }) => [id, name]));

function KeySnippet({ ingestKey }: { ingestKey: string }): JSX.Element {
  const chosen = oneOf(address.value, 'player', IDS, SNIPPETS[0].id);
  const snippet = SNIPPETS.find(({ id }) => id === chosen) ?? SNIPPETS[0];
  const code = snippet.code({ origin: location.origin, key: ingestKey });
  return (
    <div class="side">
      <h3>Snippet</h3>
      <Choices label="Player" param="player" options={IDS} fallback={SNIPPETS[0].id} words={NAMES} />
      <div class="snippet">
        <pre tabIndex={0} aria-label="Snippet"><code>{code}</code></pre>
        <CopyButton text={code} what="snippet" />
      </div>
      <p class="note">{snippet.put} <a href={withScope('/start', ['zone'])}>Set up</a> checks whether it works.</p>
    </div>
  );
}

interface FormProps {
  id: string;
  of: KeySettings;
  action: string;
  save: (wish: KeySettings) => Promise<void>;
  /** Whether there is something to go back to. */
  cancel?: boolean;
}

function KeyForm({ id, of, action, save, cancel = false }: FormProps): JSX.Element {
  const { busy, problem, run } = useAct();
  const about = fieldOf(problem, { origins: /origin/, events_per_s: /events_per_s/, name: /name/ });
  const problemOf = (field: string): string | undefined => (about === field ? problem : undefined);
  const submit = (event: SubmitEvent): void => {
    const text = textsOf(event);
    const quota = text('events_per_s');
    const wish = { name: text('name'), origins: text('origins').split(/\s+/).filter((origin) => origin !== ''), events_per_s: quota === '' ? null : Number(quota) };
    void run(() => save(wish));
  };
  return (
    <form class="side form" onSubmit={submit} aria-label={action}>
      <Field form={id} name="name" label="Name" hint="For you: where it is used" problem={problemOf('name')}>
        {(control) => <input {...control} defaultValue={of.name} maxLength={100} autocomplete="off" />}
      </Field>
      <Field form={id} name="origins" label="Origins" hint={<>One a line, such as <code>https://www.example.org</code> or <code>https://*.example.org</code>. Pages of others get 403; apps send no origin and are let in. None means any.</>} problem={problemOf('origins')}>
        {(control) => <textarea {...control} rows={3} spellcheck={false} defaultValue={of.origins.join('\n')} />}
      </Field>
      <Field form={id} name="events_per_s" label="Events per second" hint="For each collector. What is beyond gets 429 and stays with its player for later. None means no limit." problem={problemOf('events_per_s')}>
        {(control) => <input {...control} type="number" min={1} max={10_000_000} defaultValue={of.events_per_s === null ? '' : String(of.events_per_s)} />}
      </Field>
      <p class="problem" role="alert">{about === undefined && problem}</p>
      <p class="form-line">
        {cancel && <a class="button" href={showHref('')}>Cancel</a>}
        <button type="submit" class="button primary" disabled={busy}>{busy ? 'Saving' : action}</button>
      </p>
    </form>
  );
}
