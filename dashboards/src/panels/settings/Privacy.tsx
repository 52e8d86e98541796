/** What the law asks for: everything about a viewer erased, with a receipt; and everything there is, as one file. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { getJson } from '../../api/client';
import { EXPORT_PATH, eraseViewer, receipt, receipts } from '../../api/manage';
import type { Receipt } from '../../api/manage';
import { overallPath } from '../../api/metrics';
import type { OverallAnswer } from '../../api/metrics';
import { plural } from '../../charts/format';
import type { SectionProps } from '../../pages/SettingsPage';
import { resolve } from '../../time/frame';
import { may, NotAllowed } from '../../ui/Allowed';
import { Confirm } from '../../ui/Confirm';
import { Field, textsOf } from '../../ui/Field';
import { Glyph } from '../../ui/Glyph';
import { Panel } from '../../ui/Panel';
import { StateGate } from '../../ui/StateGate';
import { Moment, Thing } from '../../ui/Thing';
import { say } from '../../ui/act';
import { useAnswer } from '../../ui/hooks';

export function Privacy({ environment }: SectionProps): JSX.Element {
  const [round, setRound] = useState(0);
  if (!may('admin')) return <Panel id="privacy" title="Privacy"><NotAllowed what="Erasing viewers and exporting everything" needs="admin" whole /></Panel>;
  return (
    <>
      <Erase onErased={() => setRound(round + 1)} name={environment.name} />
      <Panel id="export" title="Export of everything" class="panel-form">
        <p>All that <strong>{environment.name}</strong> owns but secrets, as one JSON object a line: its settings, keys, tokens and receipts, then every view and event hour by hour. The last line says <code>{'{"kind":"end"}'}</code>; a file without it was cut short.</p>
        <p class="form-line"><a class="button" href={EXPORT_PATH} download="playhead-export.ndjson">Save the export</a></p>
      </Panel>
      <Receipts key={round} environment={environment} />
    </>
  );
}

function Erase({ onErased, name }: { onErased: () => void; name: string }): JSX.Element {
  const [viewer, ask] = useState<string | undefined>(undefined);
  return (
    <Panel id="erase" title="Erase a viewer" note="Everything that was ever said to be of one viewer" class="panel-form">
      <form class="form" onSubmit={(event) => ask(textsOf(event)('viewer'))} aria-label="Erase a viewer">
        <Field form="erase" name="viewer" label="Viewer id" hint="Exactly as your pages send it (viewer_id).">
          {(control) => <span class="with-button"><input {...control} required autocomplete="off" spellcheck={false} /><button type="submit" class="button">Erase…</button></span>}
        </Field>
      </form>
      {viewer !== undefined && (
        <Confirm title="Erase this viewer for good?" action="Erase the viewer" onClose={() => ask(undefined)} onAct={() => eraseViewer(viewer).then(() => { say('The request is taken; its receipt is below.'); onErased(); })}>
          <p>Every view in <strong>{name}</strong> of the viewer <code>{viewer}</code>, with all its events, is deleted: <ViewsOf viewer={viewer} />.</p>
          <p>This cannot be undone. Figures of the past change with it. Who goes on watching goes on sending: stop giving the id first.</p>
        </Confirm>
      )}
    </Panel>
  );
}

/** How many views that is; nobody should erase a slip of the pen. */
function ViewsOf({ viewer }: { viewer: string }): JSX.Element {
  const of = { frame: resolve('90d', Date.now(), 'utc'), filters: [{ dimension: 'viewer_id', value: viewer, negated: false }] };
  const { data } = useAnswer(viewer, (signal) => getJson<OverallAnswer>(overallPath('views', undefined, of), signal));
  if (data.status === 'loading') return <>counting them</>;
  if (data.status === 'error') return <>how many cannot be counted now</>;
  const views = data.value.data.value ?? 0;
  return views === 0 ? <strong>none is known; look whether the id is written right</strong> : <strong>{plural(views, 'view')} of the last 90 days</strong>;
}

function Receipts({ environment }: SectionProps): JSX.Element {
  const source = useAnswer(`receipts ${environment.id}`, receipts);
  return (
    <Panel id="receipts" title="Receipts" note="A viewer is named by a digest alone: SHA-256 of the environment’s id, a zero byte and the viewer’s id" class="panel-things">
      <StateGate source={source} what="the receipts" isEmpty={(all) => all.length === 0} empty={<p>Nobody has been erased.</p>}>
        {(all) => <ul class="things">{all.map((one) => <ReceiptRow key={one.id} of={one} />)}</ul>}
      </StateGate>
    </Panel>
  );
}

/** Erasing takes seconds, or as long as ClickHouse is away: asked after with longer and longer waits, and never after a receipt is done. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

function useFinished(first: Receipt): Receipt {
  const [known, setKnown] = useState(first);
  const isDone = known.finished_ms !== null;
  useEffect(() => {
    if (isDone) return undefined;
    let waitMs = FIRST_WAIT_MS;
    const ask = (): void => {
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
      // A question that fails is asked again in its turn.
      void receipt(first.id).then(setKnown, () => undefined);
      timer = setTimeout(ask, waitMs);
    };
    let timer = setTimeout(ask, waitMs);
    return () => clearTimeout(timer);
  }, [isDone]);
  return known;
}

function ReceiptRow({ of: first }: { of: Receipt }): JSX.Element {
  const { viewer_sha256: digest, requested_ms: atMs, requested_by: by, finished_ms: doneMs, views, event_rows: events, pending } = useFinished(first);
  return (
    <Thing
      head={<>
        <span class="verdict-mark" data-tone={doneMs === null ? 'warn' : 'ok'}><Glyph shape={doneMs === null ? 'half' : 'check'} /> <strong>{doneMs === null ? 'Pending' : 'Erased'}</strong></span>
        <code class="secret">{digest}</code>
      </>}
      facts={<>
        {doneMs === null ? 'waits for its turn' : <>{plural(views, 'view')} and {plural(events, 'event')}, gone <Moment ms={doneMs} /></>} · asked for by {by} <Moment ms={atMs} />
        {pending.length > 0 && <><br />Still to happen: {pending.join('; ')}</>}
      </>}
    />
  );
}
