/** From nothing to the first view in three steps; the third turns by itself when a beacon arrives. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { explain } from '../api/client';
import type { Environment } from '../api/session';
import { timeOfDay } from '../charts/format';
import type { ViewRow, Views } from '../live/topics';
import { address, oneOf, videoHref, viewHref, withParam, withScope } from '../router';
import { checksOf, heardOf, newestSince } from '../start/checks';
import { SNIPPETS } from '../start/snippets';
import { TEST_VIDEO, sendTestBeacon } from '../start/test-beacon';
import { Announcer } from '../ui/Announcer';
import { CopyButton } from '../ui/CopyButton';
import { Glyph } from '../ui/Glyph';
import { Panel } from '../ui/Panel';
import { StateGate } from '../ui/StateGate';
import { ViewState } from '../ui/ViewState';
import { useTopic } from '../ui/hooks';

const IDS = SNIPPETS.map(({ id }) => id);
const NEWEST = 20;

export function StartPage({ environment }: { environment: Environment }): JSX.Element {
  useEffect(() => {
    document.title = 'Set up · Playhead';
  }, []);
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>Set up a player</h1></div>
      <ol class="steps">
        <li><ChoosePlayer environment={environment} /></li>
        <li>
          <Panel id="step-play" title="2. Open the page and press play">
            <p>Beacons go out with the press on play, and every ten seconds after it. They may come from any site; a Content-Security-Policy of yours has to allow <code>{location.origin}</code>.</p>
            <p class="start-ways">No page at hand? <a class="button" href="/demo">Open the demo player</a> <TestButton environment={environment} /></p>
          </Panel>
        </li>
        <li><Verify /></li>
      </ol>
    </>
  );
}

function ChoosePlayer({ environment }: { environment: Environment }): JSX.Element {
  const chosen = oneOf(address.value, 'player', IDS, SNIPPETS[0].id);
  const snippet = SNIPPETS.find(({ id }) => id === chosen) ?? SNIPPETS[0];
  const code = snippet.code({ origin: location.origin, key: environment.ingest_key });
  return (
    <Panel id="step-player" title="1. Choose how you play">
      <nav class="choices" aria-label="Player">
        {SNIPPETS.map(({ id, name }) => <a key={id} href={withParam(address.value, 'player', id, SNIPPETS[0].id)} aria-current={id === chosen ? 'true' : undefined}>{name}</a>)}
      </nav>
      <p>{snippet.put} The key is that of <strong>{environment.name}</strong>; it is public and only allows sending.</p>
      <div class="snippet">
        <pre tabIndex={0} aria-label="Snippet"><code>{code}</code></pre>
        <CopyButton text={code} what="snippet" />
      </div>
      {snippet.note !== undefined && <p class="note">{snippet.note}</p>}
    </Panel>
  );
}

function TestButton({ environment }: { environment: Environment }): JSX.Element {
  const [state, setState] = useState<'idle' | 'busy' | 'sent' | { problem: string }>('idle');
  const send = (): void => {
    setState('busy');
    sendTestBeacon(environment.ingest_key).then(() => setState('sent'), (error: unknown) => setState({ problem: explain(error) }));
  };
  return (
    <>
      <button type="button" class="button" id="send-test" disabled={state === 'busy'} onClick={send}>Send a test beacon</button>
      <span role="status" class={typeof state === 'object' ? 'problem' : 'note'}>
        {state === 'sent' ? 'Accepted: the server has it for good.' : typeof state === 'object' ? state.problem : 'It makes a view of three seconds of a video called “Test beacon”.'}
      </span>
    </>
  );
}

function Verify(): JSX.Element {
  const source = useTopic('views', { limit: NEWEST });
  return (
    <Panel id="step-verify" title="3. Verify the installation" note="This page listens; nothing has to be pressed" class="panel-verify">
      <StateGate source={source} what="the newest views">{(views) => <Verdict views={views} />}</StateGate>
    </Panel>
  );
}

/** What the first answer already knew is not what is waited for. */
function Verdict({ views }: { views: Views }): JSX.Element {
  const [before] = useState(() => heardOf(views.rows));
  const found = newestSince(views.rows, before, TEST_VIDEO);
  if (found === undefined) {
    const earlier = Object.keys(views.rows).length;
    return (
      <div class="verify" data-state="waiting" id="verify">
        <p class="verify-head"><Glyph shape="ring" /> Waiting for the first beacon</p>
        <p class="note">{earlier === 0 ? 'None has come since the server started.' : 'Others came before you opened this page; it waits for a new one.'} It takes less than a second from the press on play.</p>
        <WhatIfNot />
      </div>
    );
  }
  return <Arrived id={found[0]} view={found[1]} />;
}

const WhatIfNot = (): JSX.Element => (
  <details class="what-if">
    <summary>Nothing comes?</summary>
    <ul>
      <li>The browser’s console names blocked requests: an ad blocker, or a Content-Security-Policy that does not allow this origin.</li>
      <li>An answer of 401 means that the key is not that of this environment.</li>
      <li>The page is HTTPS and this server is HTTP: browsers refuse that, except for localhost.</li>
      <li>Behind a proxy, <code>POST</code> has to reach this server unchanged.</li>
    </ul>
  </details>
);

function Arrived({ id, view }: { id: string; view: ViewRow }): JSX.Element {
  const checks = checksOf(view);
  const missing = checks.filter(({ passed, optional }) => !passed && optional !== true).length;
  const head = missing === 0 ? 'It works' : 'A beacon arrived, but something is missing';
  return (
    <div class="verify" data-state={missing === 0 ? 'verified' : 'incomplete'} data-tone={missing === 0 ? 'ok' : 'warn'} id="verify">
      <Announcer text={head} />
      <p class="verify-head" data-tone={missing === 0 ? 'ok' : 'warn'}><Glyph shape={missing === 0 ? 'check' : 'triangle'} /> {head}</p>
      <p><ViewState state={view.state} /> <span class="note">begun at {timeOfDay(view.start_ms)}</span></p>
      <ul class="checks">
        {checks.map(({ what, passed, detail, optional }) => (
          <li key={what} data-passed={passed} data-tone={passed ? 'ok' : optional === true ? 'none' : 'warn'}>
            <Glyph shape={passed ? 'check' : optional === true ? 'dash' : 'triangle'} />
            <span><strong>{what}{passed ? '' : optional === true ? ': no (optional)' : ': not yet'}</strong> <span class="note">{detail}</span></span>
          </li>
        ))}
      </ul>
      <p class="start-ways">
        <a class="button primary" href={viewHref(id)}>Open this view</a>
        {view.video_id !== undefined && <a class="button" href={videoHref(view.video_id)}>Its video</a>}
        <a class="button" href={withScope('/', ['zone'])}>Live</a>
      </p>
    </div>
  );
}
