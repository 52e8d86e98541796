/** Public viewer counts: a signed token lets a page show how many watch one video, and nothing else. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { endViewerCounts, signViewerCount } from '../../api/manage';
import type { ViewerToken } from '../../api/manage';
import type { SectionProps } from '../../pages/SettingsPage';
import { may, NotAllowed } from '../../ui/Allowed';
import { Confirm } from '../../ui/Confirm';
import { CopyButton } from '../../ui/CopyButton';
import { Field, textsOf } from '../../ui/Field';
import { Panel } from '../../ui/Panel';
import { Moment } from '../../ui/Thing';
import { fieldOf, say, useAct } from '../../ui/act';

const DAY_S = 86_400;
const LIVES: [number, string][] = [[DAY_S, 'a day'], [30 * DAY_S, '30 days'], [365 * DAY_S, 'a year'], [3_650 * DAY_S, 'ten years']];

export function ViewerCounts({ environment }: SectionProps): JSX.Element {
  const [signed, setSigned] = useState<{ video: string; token: ViewerToken } | undefined>(undefined);
  const [ending, ask] = useState(false);
  if (!may('write')) return <Panel id="counts" title="Viewer counts"><NotAllowed what="Signing viewer counts" needs="editor" whole /></Panel>;
  return (
    <>
      <Panel id="counts" title="Show how many watch" note="A token for a page, for one video. Nobody has to sign in to see the number" class="panel-form">
        <CountForm onSigned={(video, token) => { setSigned({ video, token }); say(`Signed a token for “${video}”.`); }} />
        {signed !== undefined && <Signed {...signed} />}
      </Panel>
      <Panel id="end-counts" title="End every token" class="panel-form">
        <p>Tokens cannot be taken back one by one; if one shows more than it should, end them all. Pages ask for new ones, from you.</p>
        <p class="form-line"><button type="button" class="button" onClick={() => ask(true)}>End every token…</button></p>
      </Panel>
      {ending && (
        <Confirm title={`End every viewer count of ${environment.name}?`} action="End them all" onClose={() => ask(false)} onAct={() => endViewerCounts().then(() => { setSigned(undefined); say('Ended every token signed so far.'); })}>
          <p>Every page that shows how many watch, with a token signed until now, gets 401 instead of a number. New tokens can be signed at once.</p>
        </Confirm>
      )}
    </>
  );
}

function CountForm({ onSigned }: { onSigned: (video: string, token: ViewerToken) => void }): JSX.Element {
  const { busy, problem, run } = useAct();
  const about = fieldOf(problem, { video: /video_id/, life: /lifetime/ });
  const submit = (event: SubmitEvent): void => {
    const text = textsOf(event);
    const video = text('video');
    void run(async () => onSigned(video, await signViewerCount(video, Number(text('life')))));
  };
  return (
    <form class="form" onSubmit={submit} aria-label="Sign a viewer count">
      <Field form="count" name="video" label="Video id" hint="As your players send it (video_id)." problem={about === 'video' ? problem : undefined}>
        {(control) => <input {...control} required maxLength={512} autocomplete="off" spellcheck={false} />}
      </Field>
      <Field form="count" name="life" label="It works for" problem={about === 'life' ? problem : undefined}>
        {(control) => <select {...control}>{LIVES.map(([seconds, words]) => <option key={seconds} value={seconds}>{words}</option>)}</select>}
      </Field>
      <p class="problem" role="alert">{about === undefined && problem}</p>
      <p class="form-line"><button type="submit" class="button primary" disabled={busy}>{busy ? 'Signing' : 'Sign a token'}</button></p>
    </form>
  );
}

function Signed({ video, token: { token, expires_at: untilS } }: { video: string; token: ViewerToken }): JSX.Element {
  const code = `const answer = await fetch('${location.origin}/data/v1/viewer-count?token=${token}');
const { viewers } = await answer.json();`;
  return (
    <>
      <p>For <strong>{video}</strong>, until <Moment ms={untilS * 1_000} />. It is public: whoever reads the page has it.</p>
      <div class="snippet">
        <pre tabIndex={0} aria-label="Code for a page"><code>{code}</code></pre>
        <CopyButton text={code} what="code" />
      </div>
    </>
  );
}
