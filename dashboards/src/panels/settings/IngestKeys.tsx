/** Ingest keys: what web pages and apps send with. They are public; what they allow is sending to this environment. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ingestKeys, retireKey, rotateKey } from '../../api/manage';
import type { IngestKey } from '../../api/manage';
import { count, plural } from '../../charts/format';
import type { SectionProps } from '../../pages/SettingsPage';
import { navigate } from '../../router';
import { may, NotAllowed } from '../../ui/Allowed';
import { Confirm } from '../../ui/Confirm';
import { CopyButton } from '../../ui/CopyButton';
import { Panel } from '../../ui/Panel';
import { StateGate } from '../../ui/StateGate';
import { Moment, Thing } from '../../ui/Thing';
import { say } from '../../ui/act';
import { useAnswer } from '../../ui/hooks';
import { ChangeKey, NewKey } from './IngestKeyForm';
import { showHref, shown } from './place';

const named = ({ name, ingest_key: key }: IngestKey): string => (name === '' ? `${key.slice(0, 8)}…` : name);

export function IngestKeys({ environment }: SectionProps): JSX.Element {
  const source = useAnswer(`keys ${environment.id}`, ingestKeys);
  const [asking, ask] = useState<{ what: 'rotate' | 'retire'; key: IngestKey } | undefined>(undefined);
  const isNew = shown() === 'new';
  const changed = (sentence: string, show: string): void => {
    say(sentence);
    navigate(showHref(show), 'replace');
    source.retry();
  };
  return (
    <>
      {isNew && may('admin') && <NewKey onMade={(key) => changed(`Made the key “${named(key)}”; it works at once.`, key.ingest_key)} />}
      <Panel
        id="keys" title="Ingest keys" note={`What players send to ${environment.name} with. Public: a key only allows sending.`}
        actions={may('admin') && !isNew && <a class="button primary" href={showHref('new')}>New key</a>} class="panel-things"
      >
        {!may('admin') && <NotAllowed what="Making and ending keys" needs="admin" />}
        <StateGate source={source} what="the ingest keys">
          {(keys) => {
            const open = keys.find(({ ingest_key: key }) => key === shown());
            const row = (key: IngestKey): JSX.Element => <KeyRow key={key.ingest_key} of={key} isOpen={key === open} keys={keys} onAsk={(what) => ask({ what, key })} onChanged={(sentence) => changed(sentence, key.ingest_key)} />;
            const retired = keys.filter(({ retired_ms: ms }) => ms !== null);
            return (
              <>
                <ul class="things">{keys.filter(({ retired_ms: ms }) => ms === null).map(row)}</ul>
                {retired.length === keys.length && <p class="note">No key works: nobody can send to this environment. Make a new one.</p>}
                {retired.length > 0 && <details class="more-things" open={open?.retired_ms !== null && open !== undefined}><summary>{plural(retired.length, 'retired key')}</summary><ul class="things">{retired.map(row)}</ul></details>}
              </>
            );
          }}
        </StateGate>
      </Panel>
      {asking?.what === 'retire' && (
        <Confirm title={`Retire the key “${named(asking.key)}”?`} action="Retire the key" onClose={() => ask(undefined)} onAct={() => retireKey(asking.key.ingest_key).then(() => changed(`Retired the key “${named(asking.key)}”.`, ''))}>
          <p>Beacons with <code>{asking.key.ingest_key}</code> will be refused with 401, from now on and for good. What came in with it stays.</p>
          <p>{asking.key.last_used_ms === null ? 'No beacon has come with it yet.' : <>The last beacon with it came at <Moment ms={asking.key.last_used_ms} />. Players that still use it will be lost to you.</>}</p>
        </Confirm>
      )}
      {asking?.what === 'rotate' && (
        <Confirm title={`Rotate the key “${named(asking.key)}”?`} action="Make its successor" onClose={() => ask(undefined)} onAct={() => rotateKey(asking.key.ingest_key).then((made) => changed(`Made the successor of “${named(asking.key)}”. Put it in your pages, and retire the old one when nothing sends with it any more.`, made.ingest_key))}>
          <p>A new key with the same origins and quota is made. Both work until you retire this one, so nothing is lost on the way.</p>
        </Confirm>
      )}
    </>
  );
}

interface RowProps {
  of: IngestKey;
  isOpen: boolean;
  keys: IngestKey[];
  onAsk: (what: 'rotate' | 'retire') => void;
  onChanged: (sentence: string) => void;
}

function KeyRow({ of: key, isOpen, keys, onAsk, onChanged }: RowProps): JSX.Element {
  const works = key.retired_ms === null;
  const successor = keys.find(({ ingest_key: other }) => other === key.replaced_by);
  return (
    <>
      <Thing
        head={<>{key.name !== '' && <strong>{key.name}</strong>}<code class="secret">{key.ingest_key}</code>{works && <CopyButton text={key.ingest_key} what={`the key ${named(key)}`} />}{successor !== undefined && <span class="tag">rotated</span>}</>}
        facts={<>
          {key.retired_ms !== null && <>Retired <Moment ms={key.retired_ms} /> · </>}
          {key.origins.length === 0 ? 'pages of any origin' : `pages of ${key.origins.join(', ')}`} · {key.events_per_s === null ? 'no quota' : `${count(key.events_per_s)} events/s`} · {key.last_used_ms === null ? 'no beacon yet' : <>last beacon <Moment ms={key.last_used_ms} /></>} · made <Moment ms={key.created_ms} />
        </>}
      >
        {works && <a class="button" href={showHref(isOpen ? '' : key.ingest_key)} aria-expanded={isOpen}>{isOpen ? 'Close' : 'Snippet and settings'}<span class="visually-hidden"> of {named(key)}</span></a>}
        {works && may('admin') && <button type="button" class="button" onClick={() => onAsk('rotate')} disabled={successor !== undefined}>Rotate<span class="visually-hidden"> {named(key)}</span></button>}
        {works && may('admin') && <button type="button" class="button" onClick={() => onAsk('retire')}>Retire<span class="visually-hidden"> {named(key)}</span></button>}
      </Thing>
      {isOpen && works && <li class="thing-open"><ChangeKey of={key} onChanged={() => onChanged(`Saved the key “${named(key)}”.`)} /></li>}
    </>
  );
}
