/** Notes at a time (annotations): releases, changes of CDN, whatever explains a bend in a curve. Asked once for all charts of a screen. */
import { signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { getJson, send } from '../api/client';
import { may } from '../ui/Allowed';
import type { Frame } from '../time/frame';
import { useAnswer } from '../ui/hooks';
import type { Source } from '../ui/hooks';
import type { Note } from './note';

interface NotesAnswer {
  data: { id: string; date: string; note: string; created_by: string }[];
}

const PATH = '/data/v1/annotations';
/** More than these on a chart are no marks any more. */
const MOST = 200;

/** Counts what was written here, so that all charts ask again. */
const written = signal(0);

export const notesPath = ({ fromS, toS }: Frame): string =>
  `${PATH}?${new URLSearchParams([['timeframe[]', String(fromS)], ['timeframe[]', String(toS)], ['limit', String(MOST)]]).toString()}`;

/** The last few answers, for the charts of one screen and of the one before it. */
const asked = new Map<string, Promise<Note[]>>();
const KEPT = 4;

function ask(key: string, path: string): Promise<Note[]> {
  const known = asked.get(key);
  if (known !== undefined) return known;
  const notes = getJson<NotesAnswer>(path).then(({ data }) => data.map(({ id, date, note, created_by: by }) => ({ id, atMs: Date.parse(date), text: note, by })));
  for (const old of [...asked.keys()].slice(0, Math.max(0, asked.size - KEPT + 1))) asked.delete(old);
  asked.set(key, notes);
  // What failed is asked again by whoever comes next.
  notes.catch(() => asked.delete(key));
  return notes;
}

/** The newest first. */
export function useNotes(frame: Frame): Source<Note[]> {
  const path = notesPath(frame);
  const key = `${path} ${written.value}`;
  return useAnswer(key, () => ask(key, path));
}

/** Those that are known by now: a chart does not wait for its notes, nor fail with them. */
export function useNotesSoFar(frame: Frame): Note[] {
  const { data } = useNotes(frame);
  return data.status === 'ready' ? data.value : NONE;
}

const BACK_S = 3_600;
/** As long as a page is likely to stay open. */
const AHEAD_S = 12 * 3_600;

/** For what is live: of the last hour and from then on, asked for once for all live pages. */
export const useNotesAroundNow = (): Note[] => useNotesSoFar(useMemo(aroundNow, []));

let around: Frame | undefined;
function aroundNow(): Frame {
  const nowS = Math.floor(Date.now() / 1_000);
  if (around === undefined || around.toS < nowS + AHEAD_S / 2) around = { fromS: nowS - BACK_S, toS: nowS + AHEAD_S };
  return around;
}

const NONE: Note[] = [];

/** Whether whoever is signed in may write notes. */
export const mayWrite = (): boolean => may('write');

const counted = async (done: Promise<unknown>): Promise<void> => {
  await done;
  written.value += 1;
};

export const saveNote = (id: string | undefined, atMs: number, text: string): Promise<void> =>
  counted(send(id === undefined ? 'POST' : 'PATCH', id === undefined ? PATH : `${PATH}/${encodeURIComponent(id)}`, { date: Math.floor(atMs / 1_000), note: text }));

export const deleteNote = (id: string): Promise<void> => counted(send('DELETE', `${PATH}/${encodeURIComponent(id)}`));

/** What the dialog is open for: a note there is, or one to be written at a time. */
export const editing = signal<{ note?: Note; atMs: number } | undefined>(undefined);

export const noteAt = (atMs: number): void => {
  editing.value = { atMs: Math.floor(atMs / 60_000) * 60_000 };
};
