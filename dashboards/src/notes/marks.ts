/** Where notes stand along a time axis, and how they read in a sentence and in a table's rows. */
import { dateTimeShort, plural } from '../charts/format';
import type { Note } from './note';

/** Marks that are nearer than this would lie over each other. */
const TOO_NEAR = 0.035;

export interface Mark {
  /** 0 to 1 along the axis. */
  at: number;
  notes: Note[];
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
