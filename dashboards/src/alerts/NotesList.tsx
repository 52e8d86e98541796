/** All notes of a timeframe, to read, change and delete; a new one is written here or on any chart. */
import type { JSX } from 'preact';
import { dateTimeFull, utc } from '../charts/format';
import { aboutOf } from '../panels/HistoryPanel';
import { editing, mayWrite, noteAt, notesPath, useNotes } from '../notes/notes';
import { timeframeWords } from '../time/frame';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Scope } from '../ui/scope';

export function NotesList({ scope }: { scope: Scope }): JSX.Element {
  const { frame } = scope.now;
  const source = useNotes(frame);
  const may = mayWrite();
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  return (
    <Panel
      id="notes" title={`Notes of the ${timeframeWords(scope.timeframe)}`} class="panel-breakdown" note="On every chart over time, at their times"
      actions={<>
        {may && <button type="button" class="button" id="add-note" onClick={() => noteAt(Date.now())}>Add a note</button>}
        <PanelMenu title="Notes" about={aboutOf(scope).slice(0, 1)} asked={[{ what: 'Notes', path: notesPath(frame) }]} rows={known && (() => [['time_utc', 'note', 'written_by'], ...known.map(({ atMs, text, by }) => [new Date(atMs).toISOString(), text, by])])} />
      </>}
    >
      <StateGate source={source} what="the notes" isEmpty={(notes) => notes.length === 0} empty={<><p class="state-title">Nothing was noted in the {timeframeWords(scope.timeframe)}.</p><p>Releases can note themselves: <code>POST /data/v1/annotations</code> with a token that may write.</p></>}>
        {(notes) => (
          <div class="scroll" tabIndex={0} role="region" aria-label="Notes, rows">
            <table class="notes-table">
              <colgroup><col class="w-with" /><col /><col class="w-with" /><col class="w-wide" /></colgroup>
              <thead><tr><th scope="col">Time</th><th scope="col">Note</th><th scope="col">Written by</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
              <tbody>
                {notes.map((note) => (
                  <tr key={note.id} data-note={note.id}>
                    <td title={utc(note.atMs)}>{dateTimeFull(note.atMs)}</td>
                    <th scope="row" class="note-text">{note.text}</th>
                    <td class="cut">{note.by}</td>
                    <td class="num"><button type="button" class="button" onClick={() => { editing.value = { note, atMs: note.atMs }; }}>{may ? 'Change' : 'Open'}<span class="visually-hidden">: {note.text}</span></button></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </StateGate>
    </Panel>
  );
}
