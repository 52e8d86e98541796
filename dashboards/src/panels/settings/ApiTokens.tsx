/** API tokens: what programs ask with. A secret is told once, and kept as a hash. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { createToken, revokeToken, tokens } from '../../api/manage';
import type { NewToken, Token } from '../../api/manage';
import type { Scope } from '../../api/session';
import { plural } from '../../charts/format';
import type { SectionProps } from '../../pages/SettingsPage';
import { navigate } from '../../router';
import { may, NotAllowed } from '../../ui/Allowed';
import { Confirm } from '../../ui/Confirm';
import { Field, textsOf } from '../../ui/Field';
import { Panel } from '../../ui/Panel';
import { Secret } from '../../ui/Secret';
import { StateGate } from '../../ui/StateGate';
import { Moment, Thing } from '../../ui/Thing';
import { fieldOf, say, useAct } from '../../ui/act';
import { useAnswer } from '../../ui/hooks';
import { showHref, shown } from './place';

const SCOPES: [Scope, string][] = [
  ['read', 'metrics, views, heatmaps, live'],
  ['sql', 'the SQL port'],
  ['write', 'annotations, incidents, viewer counts'],
  ['admin', 'keys, tokens, names, retention, erasing and export'],
];

/** In days; empty is for ever. */
const LIVES = [['7', '7 days'], ['30', '30 days'], ['90', '90 days'], ['365', 'a year'], ['', 'until it is revoked']] as const;
const DEFAULT_LIFE = '90';
const DAY_MS = 86_400_000;

const named = ({ name, id }: { name: string; id: string }): string => (name === '' ? id : name);
const works = ({ revoked_ms: revoked, expires_ms: expires }: Token): boolean => revoked === null && (expires === null || expires > Date.now());

export function ApiTokens({ environment }: SectionProps): JSX.Element {
  if (!may('admin')) return <Panel id="tokens" title="API tokens"><NotAllowed what="Seeing and making API tokens" needs="admin" whole /></Panel>;
  return <Tokens environment={environment} />;
}

function Tokens({ environment }: SectionProps): JSX.Element {
  const source = useAnswer(`tokens ${environment.id}`, tokens);
  const [made, setMade] = useState<NewToken | undefined>(undefined);
  const [revoking, ask] = useState<Token | undefined>(undefined);
  const isNew = shown() === 'new';
  const onMade = (token: NewToken): void => {
    setMade(token);
    say(`Made the token “${named(token)}”. Copy its secret now.`);
    navigate(showHref(''), 'replace');
    source.retry();
  };
  return (
    <>
      {made !== undefined && <MadeToken token={made} onDone={() => setMade(undefined)} />}
      {isNew && <Panel id="new-token" title="New API token" class="panel-form"><TokenForm onMade={onMade} /></Panel>}
      <Panel
        id="tokens" title="API tokens" note={`What programs ask ${environment.name} with. Whoever has one may do what its scopes say.`}
        actions={!isNew && <a class="button primary" href={showHref('new')}>New token</a>} class="panel-things"
      >
        <StateGate source={source} what="the API tokens" isEmpty={(all) => all.length === 0} empty={<><p class="state-title">No token yet</p><p>A token lets a program ask what you see here: every panel’s Export menu has the curl for it.</p><p><a class="button primary" href={showHref('new')}>Make the first</a></p></>}>
          {(all) => {
            const over = all.filter((token) => !works(token));
            const row = (token: Token): JSX.Element => <TokenRow key={token.id} of={token} onRevoke={() => ask(token)} />;
            return (
              <>
                <ul class="things">{all.filter(works).map(row)}</ul>
                {over.length > 0 && <details class="more-things"><summary>{plural(over.length, 'token')} that {over.length === 1 ? 'does' : 'do'} not work any more</summary><ul class="things">{over.map(row)}</ul></details>}
              </>
            );
          }}
        </StateGate>
      </Panel>
      {revoking !== undefined && (
        <Confirm title={`Revoke the token “${named(revoking)}”?`} action="Revoke the token" onClose={() => ask(undefined)} onAct={() => revokeToken(revoking.id).then(() => { say(`Revoked the token “${named(revoking)}”.`); source.retry(); })}>
          <p>Programs that ask with <code>{revoking.id}</code> will be refused with 401, from now on and for good; connections it opened are closed within seconds.</p>
          <p>{revoking.last_used_ms === null ? 'It has never been used.' : <>It was last used at <Moment ms={revoking.last_used_ms} />.</>}</p>
        </Confirm>
      )}
    </>
  );
}

function TokenRow({ of: token, onRevoke }: { of: Token; onRevoke: () => void }): JSX.Element {
  return (
    <Thing
      head={<><strong>{named(token)}</strong>{token.name !== '' && <code class="secret">{token.id}</code>}{token.scopes.map((scope) => <span class="tag" key={scope}>{scope}</span>)}</>}
      facts={<>
        {token.revoked_ms !== null ? <>Revoked <Moment ms={token.revoked_ms} /></> : token.expires_ms === null ? 'works until it is revoked' : <>{works(token) ? 'works until' : 'ended'} <Moment ms={token.expires_ms} /></>} · {token.last_used_ms === null ? 'never used' : <>last used <Moment ms={token.last_used_ms} /></>} · made <Moment ms={token.created_ms} />
      </>}
    >
      {works(token) ? <button type="button" class="button" onClick={onRevoke}>Revoke<span class="visually-hidden"> {named(token)}</span></button> : undefined}
    </Thing>
  );
}

function MadeToken({ token, onDone }: { token: NewToken; onDone: () => void }): JSX.Element {
  const both = `${token.id}:${token.secret}`;
  const [first] = token.scopes;
  const path = first === 'admin' ? '/data/v1/tokens' : '/data/v1/metrics';
  return (
    <Secret
      title={`The token “${named(token)}”`} what="id and secret" text={both} onDone={onDone}
      next={<>
        {token.scopes.includes('read') || first === 'admin' ? <p class="note">To try it: <code>curl -u '{token.id}:…' {location.origin}{path}</code></p> : null}
        <p class="note">Panels show curl commands that read it from <code>PLAYHEAD_TOKEN</code>.</p>
      </>}
    />
  );
}

function TokenForm({ onMade }: { onMade: (token: NewToken) => void }): JSX.Element {
  const { busy, problem, run } = useAct();
  const [missing, setMissing] = useState(false);
  const about = fieldOf(problem, { name: /name/, life: /expires_ms/, scopes: /scope|may do/ });
  const submit = (event: SubmitEvent): void => {
    const text = textsOf(event);
    const scopes = SCOPES.map(([scope]) => scope).filter((scope) => text(scope) !== '');
    setMissing(scopes.length === 0);
    if (scopes.length === 0) return;
    const days = text('life');
    void run(async () => onMade(await createToken({ name: text('name'), scopes, ...(days === '' ? {} : { expires_ms: Date.now() + Number(days) * DAY_MS }) })));
  };
  return (
    <form class="form" onSubmit={submit} aria-label="New API token">
      <Field form="token" name="name" label="Name" hint="For you: which program has it" problem={about === 'name' ? problem : undefined}>
        {(control) => <input {...control} maxLength={100} autocomplete="off" />}
      </Field>
      <fieldset class="field" aria-describedby="token-scopes-problem">
        <legend>It may use</legend>
        {SCOPES.map(([scope, words]) => (
          <label class="check" key={scope}>
            <input type="checkbox" name={scope} value={scope} defaultChecked={scope === 'read'} disabled={!may(scope)} /> <strong>{scope}</strong> <span class="note">{words}{may(scope) ? '' : '; you may not do that yourself'}</span>
          </label>
        ))}
        <p class="problem" id="token-scopes-problem" role="alert">{missing ? 'A token needs at least one of them.' : about === 'scopes' ? problem : undefined}</p>
      </fieldset>
      <Field form="token" name="life" label="It works for" problem={about === 'life' ? problem : undefined}>
        {(control) => <select {...control} defaultValue={DEFAULT_LIFE}>{LIVES.map(([days, words]) => <option key={days} value={days} selected={days === DEFAULT_LIFE}>{words}</option>)}</select>}
      </Field>
      <p class="problem" role="alert">{about === undefined && problem}</p>
      <p class="form-line">
        <a class="button" href={showHref('')}>Cancel</a>
        <button type="submit" class="button primary" disabled={busy}>{busy ? 'Making' : 'Make the token'}</button>
      </p>
    </form>
  );
}
