/** One's own sign-in: who one is here, the password, and the open sessions (for an owner everybody's). */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { changePassword, endSession, sessions } from '../../api/manage';
import type { OpenSession } from '../../api/manage';
import { signOut } from '../../api/session';
import type { SectionProps } from '../../pages/SettingsPage';
import { isOwner, who } from '../../ui/Allowed';
import { Confirm } from '../../ui/Confirm';
import { Field, typedIn } from '../../ui/Field';
import { Panel } from '../../ui/Panel';
import { StateGate } from '../../ui/StateGate';
import { Moment, Thing } from '../../ui/Thing';
import { fieldOf, say, useAct } from '../../ui/act';
import { browserWords } from '../../ui/agent';
import { useAnswer } from '../../ui/hooks';
import { settingsHref } from './place';

const BY_LINK = 'the printed link';

export function OwnSignIn({ environment }: SectionProps): JSX.Element {
  const { email, role, scopes } = who();
  return (
    <>
      <Panel id="you" title={email ?? 'You came by the printed link'} class="panel-form">
        <p>You are <strong>{role}</strong> in <strong>{environment.name}</strong>: you may use {scopes.join(', ')}.</p>
        {email === null
          ? <p>This session has no name and no password. <a href={settingsHref('people')}>Invite yourself</a> to get an account: then what you change is written down under your name.</p>
          : <PasswordForm />}
      </Panel>
      <Sessions />
    </>
  );
}

function PasswordForm(): JSX.Element {
  const { busy, problem, run } = useAct();
  const [round, setRound] = useState(0);
  // A wrong password and a new one too short are told by the same status as other things; the words differ.
  const about = fieldOf(problem, { old: /credentials/, new: /password has/ });
  const submit = (event: SubmitEvent): void => {
    const text = typedIn(event);
    void run(() => changePassword({ old: text('old'), new: text('new') })).then((isDone) => {
      if (!isDone) return;
      say('Changed your password; your other sessions have ended.');
      setRound(round + 1);
    });
  };
  return (
    <form class="form" onSubmit={submit} key={round} aria-label="Change the password">
      <Field form="password" name="old" label="Present password" problem={about === 'old' ? `That is not your present password. ${problem ?? ''}` : undefined}>
        {(control) => <input {...control} type="password" autocomplete="current-password" required />}
      </Field>
      <Field form="password" name="new" label="New password" hint="At least 10 characters. Your other sessions end with it." problem={about === 'new' ? problem : undefined}>
        {(control) => <input {...control} type="password" autocomplete="new-password" required minLength={10} />}
      </Field>
      <p class="problem" role="alert">{about === undefined && problem}</p>
      <p class="form-line"><button type="submit" class="button primary" disabled={busy}>{busy ? 'Changing' : 'Change the password'}</button></p>
    </form>
  );
}

function Sessions(): JSX.Element {
  const source = useAnswer('sessions', sessions);
  const [ending, ask] = useState<OpenSession | undefined>(undefined);
  return (
    <Panel id="sessions" title={isOwner() ? 'Everybody’s open sessions' : 'Your open sessions'} note="A session ends by itself after 12 hours" class="panel-things">
      <StateGate source={source} what="the sessions">
        {(all) => (
          <ul class="things">
            {all.map((open) => (
              <Thing
                key={open.id} head={<><strong>{open.email ?? `By ${BY_LINK}`}</strong>{open.is_this && <span class="tag">this one</span>}</>}
                facts={<><span title={open.device}>{open.device === '' ? 'unknown browser' : browserWords(open.device)}</span> · since <Moment ms={open.created_ms} />{open.last_used_ms !== null && <> · last used <Moment ms={open.last_used_ms} /></>} · ends <Moment ms={open.expires_ms} /></>}
              >
                <button type="button" class="button" onClick={() => ask(open)}>{open.is_this ? 'Sign out' : 'End'}<span class="visually-hidden"> the session of {open.email ?? BY_LINK}</span></button>
              </Thing>
            ))}
          </ul>
        )}
      </StateGate>
      {ending !== undefined && (
        <Confirm title={ending.is_this ? 'Sign out here?' : 'End this session?'} action={ending.is_this ? 'Sign out' : 'End the session'} onClose={() => ask(undefined)}
          onAct={ending.is_this ? signOut : () => endSession(ending.id).then(() => { say('Ended the session.'); source.retry(); })}>
          <p>{ending.is_this ? 'You need your password, or the link the server prints, to come back.' : `Whoever uses it (${ending.email ?? BY_LINK}) is signed out at once.`}</p>
        </Confirm>
      )}
    </Panel>
  );
}
