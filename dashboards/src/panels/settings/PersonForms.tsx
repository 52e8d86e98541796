/** Forms about people: an invitation, and another role. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { invite } from '../../api/manage';
import type { Membership, NewInvitation, Person } from '../../api/manage';
import { session } from '../../api/session';
import type { Environment, Role } from '../../api/session';
import { Field, textsOf } from '../../ui/Field';
import { fieldOf, useAct } from '../../ui/act';
import { showHref } from './place';

const ROLES: [Role, string][] = [
  ['viewer', 'sees everything, asks in SQL'],
  ['editor', 'also adds annotations, incidents and viewer counts'],
  ['admin', 'also makes and ends keys and tokens, renames, erases, exports'],
  ['owner', 'also invites people and makes environments; sees all of them, and how the system is'],
];

const environments = (): Environment[] => (session.value.status === 'open' ? session.value.environments : []);

/** By the names people gave them, as far as one may see them. */
export const environmentNames = (ids: string[]): string => ids.map((id) => environments().find((known) => known.id === id)?.name ?? id).join(', ');

export function InviteForm({ onInvited }: { onInvited: (invitation: NewInvitation) => void }): JSX.Element {
  const { busy, problem, run } = useAct();
  const about = fieldOf(problem, { email: /email/, environments: /environment/ });
  const submit = (event: SubmitEvent): void => {
    const text = textsOf(event);
    void run(async () => onInvited(await invite({ email: text('email'), ...membership(text) })));
  };
  return (
    <form class="form" onSubmit={submit} aria-label="Invite somebody">
      <Field form="invite" name="email" label="Email address" hint="It is the name to sign in with. Nothing is sent there: you get a link to hand over." problem={about === 'email' ? problem : undefined}>
        {(control) => <input {...control} type="email" required autocomplete="off" />}
      </Field>
      <RoleFields form="invite" of={undefined} problem={about === 'environments' ? problem : undefined} />
      <p class="problem" role="alert">{about === undefined && problem}</p>
      <p class="form-line">
        <a class="button" href={showHref('')}>Cancel</a>
        <button type="submit" class="button primary" disabled={busy}>{busy ? 'Inviting' : 'Make the invitation'}</button>
      </p>
    </form>
  );
}

export function ChangePersonForm({ of: person, save }: { of: Person; save: (wish: Membership) => Promise<void> }): JSX.Element {
  const { busy, problem, run } = useAct();
  const submit = (event: SubmitEvent): void => {
    const text = textsOf(event);
    void run(() => save(membership(text)));
  };
  return (
    <form class="form" onSubmit={submit} aria-label={`Role of ${person.email}`}>
      <RoleFields form="person" of={person} problem={problem} />
      <p class="form-line"><button type="submit" class="button primary" disabled={busy}>{busy ? 'Saving' : 'Save'}</button></p>
    </form>
  );
}

/** An owner names no environments: they see all. */
function membership(text: (name: string) => string): Membership {
  const role = ROLES.map(([word]) => word).find((word) => word === text('role')) ?? 'viewer';
  return { role, environments: role === 'owner' ? [] : environments().map(({ id }) => id).filter((id) => text(`environment ${id}`) !== '') };
}

function RoleFields({ form, of, problem }: { form: string; of: Person | undefined; problem: string | undefined }): JSX.Element {
  const [role, setRole] = useState<Role>(of?.role ?? 'viewer');
  const known = environments();
  const current = session.value.status === 'open' ? session.value.environment.id : '';
  return (
    <>
      <fieldset class="field">
        <legend>Role</legend>
        {ROLES.map(([word, words]) => (
          <label class="check" key={word}>
            <input type="radio" name="role" value={word} checked={word === role} onChange={() => setRole(word)} /> <strong>{word}</strong> <span class="note">{words}</span>
          </label>
        ))}
      </fieldset>
      <fieldset class="field" disabled={role === 'owner'} aria-describedby={`${form}-environments-problem`}>
        <legend>Environments{role === 'owner' && ': all of them'}</legend>
        {known.map(({ id, name }) => (
          <label class="check" key={id}>
            <input type="checkbox" name={`environment ${id}`} value="yes" defaultChecked={of === undefined || of.role === 'owner' ? id === current : of.environments.includes(id)} /> {name}
          </label>
        ))}
        <p class="problem" id={`${form}-environments-problem`} role="alert">{problem}</p>
      </fieldset>
    </>
  );
}
