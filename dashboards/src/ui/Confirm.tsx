/** Asks before something is taken away: in words that name it, with the way out under the finger. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useAct } from './act';

interface Props {
  title: string;
  /** What the button does: "Retire the key". */
  action: string;
  onAct: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}

export function Confirm({ title, action, onAct, onClose, children }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const { busy, problem, run } = useAct();
  // Shown as a modal: the browser keeps the focus in, takes Escape, and gives the focus back.
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => dialog.current?.close();
  const act = (event: SubmitEvent): void => {
    event.preventDefault();
    void run(onAct).then((isDone) => isDone && close());
  };
  return (
    <dialog class="confirm" ref={dialog} onClose={onClose} aria-labelledby="confirm-title" aria-describedby="confirm-words">
      <form onSubmit={act}>
        <h2 id="confirm-title">{title}</h2>
        <div id="confirm-words">{children}</div>
        <p class="problem" role="alert">{problem}</p>
        <p class="form-line">
          <button type="button" class="button" onClick={close}>Cancel</button>
          <button type="submit" class="button danger" disabled={busy}>{busy ? 'Working' : action}</button>
        </p>
      </form>
    </dialog>
  );
}
