/** A line under a time chart with its notes at their times, each a button; and one to add another. As high without any. */
import type { JSX } from 'preact';
import { dateTimeShort, plural } from '../charts/format';
import { editing, mayWrite, noteAt } from './notes';
import { marksOf } from './marks';
import type { Mark } from './marks';
import type { Note } from './note';

interface Props {
  notes: Note[];
  /** What the chart's x axis spans, Unix seconds. */
  fromS: number;
  toS: number;
  /** How far the plot itself is from the edges: its axes. */
  insets: [left: number, right: number];
}

export function NotesStrip({ notes, fromS, toS, insets: [left, right] }: Props): JSX.Element {
  const marks = marksOf(notes, fromS, toS);
  return (
    <div class="notes" style={{ paddingInline: `${left}px ${right}px` }}>
      <div class="notes-line">
        {marks.map((mark, i) => <MarkButton key={mark.notes[0]?.id} mark={mark} until={marks[i + 1]?.at ?? 1} />)}
      </div>
      {mayWrite() && (
        <button type="button" class="note-add" title="Add a note (n in the chart, or a double click)" onClick={() => noteAt(((fromS + Math.min(toS, Date.now() / 1_000)) / 2) * 1_000)}>
          <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true"><path d="M6 1v10M1 6h10" stroke="currentColor" stroke-width="2" /></svg>
          <span class="visually-hidden">Add a note at a time</span><span aria-hidden="true">Note</span>
        </button>
      )}
    </div>
  );
}

/** A text has the room up to the next mark; one that stands near the end goes to the left of its time. */
function MarkButton({ mark: { at, notes }, until }: { mark: Mark; until: number }): JSX.Element | null {
  const [first] = notes;
  if (first === undefined) return null;
  const words = notes.map(({ atMs, text }) => `${dateTimeShort(atMs)}: ${text}`).join('\n');
  const turned = at > 0.85;
  const place = turned ? { insetInlineEnd: `${(1 - at) * 100}%`, maxInlineSize: '30%' } : { insetInlineStart: `${at * 100}%`, maxInlineSize: `${(until - at) * 100}%` };
  return (
    <button type="button" class={turned ? 'note-mark turned' : 'note-mark'} style={place} title={words} aria-label={`Note at ${words}`} onClick={() => { editing.value = { note: first, atMs: first.atMs }; }}>
      {notes.length > 1 ? plural(notes.length, 'note') : first.text}
    </button>
  );
}
