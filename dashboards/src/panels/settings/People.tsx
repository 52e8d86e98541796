/** People: who may look, and who has been invited to. For owners. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { changePerson, invitations, people, removePerson, withdrawInvitation } from '../../api/manage';
import type { Invitation, Membership, NewInvitation, Person } from '../../api/manage';
import { navigate } from '../../router';
import { isOwner, NotAllowed, who } from '../../ui/Allowed';
import { Confirm } from '../../ui/Confirm';
import { Panel } from '../../ui/Panel';
import { Secret } from '../../ui/Secret';
import { StateGate } from '../../ui/StateGate';
import { Moment, Thing } from '../../ui/Thing';
import { say } from '../../ui/act';
import { useAnswer } from '../../ui/hooks';
import { ChangePersonForm, InviteForm, environmentNames } from './PersonForms';
import { settingsHref, showHref, shown } from './place';

export function People(): JSX.Element {
  if (!isOwner()) return <Panel id="people" title="People"><NotAllowed what="Seeing, inviting and removing people" needs="owner" whole /></Panel>;
  return <Everybody />;
}

function Everybody(): JSX.Element {
  const members = useAnswer('people', people);
  const invited = useAnswer('invitations', invitations);
  const [made, setMade] = useState<NewInvitation | undefined>(undefined);
  const isNew = shown() === 'new';
  const onInvited = (invitation: NewInvitation): void => {
    setMade(invitation);
    say(`Invited ${invitation.email}. Hand the link over; Playhead sends no mail.`);
    navigate(showHref(''), 'replace');
    invited.retry();
  };
  return (
    <>
      {made !== undefined && (
        <Secret title={`The invitation of ${made.email}`} what="invitation link" text={location.origin + made.path} onDone={() => setMade(undefined)}
          next={<p class="note">It works once, until <Moment ms={made.expires_ms} />. Whoever opens it chooses a password and is signed in: hand it only to {made.email}.</p>} />
      )}
      {isNew && <Panel id="invite" title="Invite somebody" class="panel-form"><InviteForm onInvited={onInvited} /></Panel>}
      <Panel id="people" title="People" note="Who may sign in" actions={!isNew && <a class="button primary" href={showHref('new')}>Invite somebody</a>} class="panel-things">
        <StateGate source={members} what="the people" isEmpty={(all) => all.length === 0} empty={<><p class="state-title">Nobody has an account yet</p><p>You came by the link the server printed. Invite yourself first, as an owner: then that link is not needed any more.</p></>}>
          {(all) => <ul class="things">{all.map((person) => <PersonRow key={person.email} of={person} onChanged={members.retry} />)}</ul>}
        </StateGate>
      </Panel>
      {/* How long the list above is must be known first, or this one would move. */}
      {members.data.status !== 'loading' && <Panel id="invitations" title="Open invitations" note="A link is told when it is made; for another one, invite again" class="panel-things">
        <StateGate source={invited} what="the invitations" isEmpty={(all) => all.length === 0} empty={<p>Nobody is invited at the moment.</p>}>
          {(all) => <ul class="things">{all.map((invitation) => <InvitationRow key={invitation.id} of={invitation} onChanged={invited.retry} />)}</ul>}
        </StateGate>
      </Panel>}
    </>
  );
}

/** A role and where it holds, as it reads after a name. */
const where = (of: Membership): string => (of.role === 'owner' ? 'everywhere' : `in ${environmentNames(of.environments)}`);

function PersonRow({ of: person, onChanged }: { of: Person; onChanged: () => void }): JSX.Element {
  const [removing, ask] = useState(false);
  const { email, role, last_sign_in_ms: lastMs } = person;
  const isSelf = email === who().email;
  const isOpen = shown() === email;
  const change = async (wish: Membership): Promise<void> => {
    await changePerson(email, wish);
    say(`${email} is ${wish.role} ${where(wish)} now.`);
    navigate(showHref(''), 'replace');
    onChanged();
  };
  return (
    <>
      <Thing
        head={<><strong>{email}</strong><span class="tag">{role}</span>{isSelf && <span class="tag">you</span>}</>}
        facts={<>{where(person)} · {lastMs === null ? 'has not signed in yet' : <>last signed in <Moment ms={lastMs} /></>} · since <Moment ms={person.created_ms} /></>}
      >
        <a class="button" href={showHref(isOpen ? '' : email)} aria-expanded={isOpen}>{isOpen ? 'Close' : 'Change'}<span class="visually-hidden"> {email}</span></a>
        <button type="button" class="button" onClick={() => ask(true)}>Remove<span class="visually-hidden"> {email}</span></button>
      </Thing>
      {isOpen && <li class="thing-open"><ChangePersonForm of={person} save={change} /></li>}
      {removing && (
        <Confirm title={`Remove ${email}?`} action={isSelf ? 'Remove myself' : 'Remove this person'} onClose={() => ask(false)} onAct={() => removePerson(email).then(() => { say(`Removed ${email}.`); onChanged(); })}>
          <p>{isSelf ? 'You' : 'They'} cannot sign in any more. Open sessions end at once, and open invitations to this address are taken back.</p>
          {isSelf && <p>Without another owner, only the link the server prints when it starts lets an owner in.</p>}
          <p>Tokens and keys they made go on working: revoke those under <a href={settingsHref('tokens')}>API tokens</a>.</p>
        </Confirm>
      )}
    </>
  );
}

function InvitationRow({ of: invitation, onChanged }: { of: Invitation; onChanged: () => void }): JSX.Element {
  const [withdrawing, ask] = useState(false);
  const { email, role, expires_ms: untilMs } = invitation;
  return (
    <>
      <Thing head={<><strong>{email}</strong><span class="tag">{role}</span></>} facts={<>{where(invitation)} · can be accepted until <Moment ms={untilMs} /></>}>
        <button type="button" class="button" onClick={() => ask(true)}>Take back<span class="visually-hidden"> the invitation of {email}</span></button>
      </Thing>
      {withdrawing && (
        <Confirm title={`Take back the invitation of ${email}?`} action="Take it back" onClose={() => ask(false)} onAct={() => withdrawInvitation(invitation.id).then(() => { say(`Took back the invitation of ${email}.`); onChanged(); })}>
          <p>The link that was handed out stops working. {email} can be invited again.</p>
        </Confirm>
      )}
    </>
  );
}
