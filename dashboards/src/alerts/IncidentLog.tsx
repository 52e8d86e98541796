/** What people did about an incident, and what may be done next: take it on, note something, resolve it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { dateTimeFull, utc } from '../charts/format';
import { NotAllowed, may } from '../ui/Allowed';
import { Field, textsOf } from '../ui/Field';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { say, useAct } from '../ui/act';
import { useAnswer } from '../ui/hooks';
import { act, logOf, logPath } from './incidents';
import type { Action, Entry, Incident } from './incidents';

const DID: Record<Entry['action'], string> = { open: 'opened it', acknowledge: 'sees to it', note: 'noted', resolve: 'resolved it' };
const DONE: Record<Action, string> = { acknowledge: 'It is yours.', note: 'Noted.', resolve: 'Resolved.' };

export function IncidentLog({ incident, onChanged }: { incident: Incident; onChanged: (now: Incident) => void }): JSX.Element {
  const { id } = incident;
  const source = useAnswer(id, (signal) => logOf(id, signal));
  // What was there stays on the screen while it is asked again.
  const [renewed, renew] = useState<Entry[] | undefined>(undefined);
  const known = renewed ?? (source.data.status === 'ready' ? source.data.value : undefined);
  const take = async (action: Action, note: string): Promise<void> => {
    onChanged(await act(id, action, note));
    renew(await logOf(id));
    say(DONE[action]);
  };
  return (
    <Panel
      id="log" title="What is done about it"
      actions={<PanelMenu title="Log of the incident" about={[id]} asked={[{ what: 'What people did', path: logPath(id) }]} rows={known && (() => [['time_utc', 'who', 'action', 'note'], ...known.map(({ at_ms: atMs, actor, action, note }) => [utc(atMs), actor, action, note])])} />}
    >
      <StateGate source={source} what="what was done">
        {(first) => <Entries entries={renewed ?? first} />}
      </StateGate>
      {may('write') ? <Deeds incident={incident} take={take} /> : <NotAllowed what="Doing something about incidents" needs="editor" />}
    </Panel>
  );
}

function Entries({ entries }: { entries: Entry[] }): JSX.Element {
  if (entries.length === 0) return <p class="note">Nobody has done anything yet.</p>;
  return (
    <ol class="log">
      {entries.map(({ at_ms: atMs, action, actor, note }) => (
        <li key={`${atMs} ${action}`}>
          <time dateTime={new Date(atMs).toISOString()} title={utc(atMs)}>{dateTimeFull(atMs)}</time>
          <span><strong><bdi>{actor}</bdi></strong> {DID[action]}{note !== '' && <span class="log-note">{note}</span>}</span>
        </li>
      ))}
    </ol>
  );
}

interface DeedsProps {
  incident: Incident;
  take: (action: Action, note: string) => Promise<void>;
}

function Deeds({ incident: { status, acknowledged_by: by }, take }: DeedsProps): JSX.Element {
  const { busy, problem, run } = useAct();
  const submit = (event: SubmitEvent): void => {
    const form = event.currentTarget as HTMLFormElement;
    const note = textsOf(event)('note');
    const action = ((event.submitter as HTMLButtonElement | null)?.value ?? 'note') as Action;
    void run(() => take(action, note)).then((isDone) => isDone && form.reset());
  };
  const button = (action: Action, words: string, primary = false): JSX.Element =>
    <button type="submit" class={primary ? 'button primary' : 'button'} value={action} disabled={busy}>{words}</button>;
  const isOpen = status === 'open';
  return (
    <form class="form" onSubmit={submit} aria-label="Do something about it">
      <Field form="log" name="note" label="Note" hint={isOpen ? 'Goes along with whatever you choose' : 'What was learned'} problem={problem}>
        {(control) => <textarea {...control} rows={2} maxLength={4_000} />}
      </Field>
      <p class="form-line">
        {isOpen && by === null && button('acknowledge', 'Acknowledge', true)}
        {button('note', 'Add note')}
        {isOpen && button('resolve', 'Resolve', by !== null)}
      </p>
    </form>
  );
}
