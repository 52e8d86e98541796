/** Something that is shown this once: large, copyable, and gone when it is put away. */
import type { ComponentChildren, JSX } from 'preact';
import { CopyButton } from './CopyButton';
import { Panel } from './Panel';

interface Props {
  title: string;
  /** What is copied. */
  what: string;
  text: string;
  /** What to do with it. */
  next?: ComponentChildren;
  onDone: () => void;
}

export function Secret({ title, what, text, next, onDone }: Props): JSX.Element {
  return (
    <Panel id="secret" title={title} note="Shown this once: it is stored nowhere" class="panel-form panel-secret">
      <div class="snippet">
        <pre tabIndex={0} aria-label={what}><code>{text}</code></pre>
        <CopyButton text={text} what={what} />
      </div>
      {next}
      <p class="form-line"><button type="button" class="button" onClick={onDone}>I have it, put it away</button></p>
    </Panel>
  );
}
