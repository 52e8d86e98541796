/** Writing, changing and deleting a note. One dialog for all charts and lists; what it is open for is a signal. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { explain } from '../api/client';
import { inputMs, inputText } from '../time/input';
import { zone } from '../time/zone';
import { deleteNote, editing, mayWrite, saveNote } from './notes';

const LONGEST = 4_000;

export function NoteDialog(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = editing.value;
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    setProblem(undefined);
    if (open !== undefined && dialog.current?.open === false) dialog.current.showModal();
    if (open === undefined && dialog.current?.open === true) dialog.current.close();
  }, [open]);
  const run = (what: Promise<void>): void => {
    setBusy(true);
    what.then(() => { editing.value = undefined; }, (error: unknown) => setProblem(explain(error))).finally(() => setBusy(false));
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const said = fields.get('note');
    const text = typeof said === 'string' ? said.trim() : '';
    const atMs = inputMs(fields.get('at'));
    if (Number.isNaN(atMs)) setProblem('Give a time.');
    else if (text === '') setProblem('Say what there was.');
    else run(saveNote(open?.note?.id, atMs, text));
  };
  const note = open?.note;
  const may = mayWrite();
  return (
    <dialog class="dialog" ref={dialog} aria-labelledby="note-title" onClose={() => { editing.value = undefined; }}>
      {open !== undefined && (
        <form class="note-form" onSubmit={submit} noValidate key={note?.id ?? open.atMs}>
          <h2 id="note-title">{note === undefined ? 'Note at a time' : 'Note'}</h2>
          <label>What there was<textarea name="note" rows={3} maxLength={LONGEST} defaultValue={note?.text ?? ''} readOnly={!may} autofocus placeholder="Player 2.4 released" /></label>
          <label>When, {zone.value === 'utc' ? 'UTC' : 'local time'}<input name="at" type="datetime-local" step={60} defaultValue={inputText(open.atMs / 1_000)} readOnly={!may} /></label>
          <p class="note">{note === undefined ? 'Everybody in this environment sees it, on every chart over time.' : `Written by ${note.by}.`}{!may && ' Your role may not change it.'}</p>
          <p class="problem" role="alert">{problem}</p>
          <p class="menu-line">
            {may && <button type="submit" class="button primary" disabled={busy}>Save</button>}
            <button type="button" class="button" onClick={() => { editing.value = undefined; }}>{may ? 'Cancel' : 'Close'}</button>
            {may && note !== undefined && <button type="button" class="button delete" disabled={busy} onClick={() => run(deleteNote(note.id))}>Delete</button>}
          </p>
        </form>
      )}
    </dialog>
  );
}
