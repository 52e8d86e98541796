/** A line under a time chart with its notes at their times, each a button; and one to add another. As high without any. */
import type { JSX } from 'preact';
import { dateTimeShort, plural } from '../charts/format';
import { editing, mayWrite, noteAt } from './notes';
import type { Note } from './notes';

interface Props {
  notes: Note[];
  /** What the chart's x axis spans, Unix seconds. */
  fromS: number;
  toS: number;
  /** How far the plot itself is from the edges: its axes. */
  insets: [left: number, right: number];
}

/** Marks that are nearer than this would lie over each other. */
const TOO_NEAR = 0.035;

interface Mark {
  /** 0 to 1 along the axis. */
  at: number;
  notes: Note[];
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
          <span class="visually-hidden">Add a note at a time</span>
        </button>
      )}
    </div>
  );
}

export function marksOf(notes: Note[], fromS: number, toS: number): Mark[] {
  const marks: Mark[] = [];
  for (const note of [...notes].sort((a, b) => a.atMs - b.atMs)) {
    const at = (note.atMs / 1_000 - fromS) / Math.max(1, toS - fromS);
    if (at < 0 || at > 1) continue;
    const last = marks.at(-1);
    if (last !== undefined && at - last.at < TOO_NEAR) last.notes.push(note);
    else marks.push({ at, notes: [note] });
  }
  return marks;
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

/** For the sentence under a chart, and for its table. */
export function notesWords(notes: Note[]): string {
  if (notes.length === 0) return '';
  const told = [...notes].sort((a, b) => a.atMs - b.atMs).slice(0, MOST_TOLD).map(({ atMs, text }) => `${dateTimeShort(atMs)} ${text}`);
  const rest = notes.length - told.length;
  return ` Noted: ${told.join('; ')}${rest > 0 ? `; and ${plural(rest, 'more note')}` : ''}.`;
}

const MOST_TOLD = 3;

/** Those within a step, for its row. */
export const notesBetween = (notes: Note[], fromS: number, toS: number): Note[] =>
  notes.filter(({ atMs }) => atMs >= fromS * 1_000 && atMs < toS * 1_000);
