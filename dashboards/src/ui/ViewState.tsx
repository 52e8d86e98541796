/** A view's state as a shape, a colour and a word. */
import type { JSX } from 'preact';
import type { Result } from '../views/rows';
import { Glyph } from './Glyph';
import type { Shape } from './Glyph';

interface Look {
  shape: Shape;
  tone: 'ok' | 'warn' | 'bad' | 'none';
  word: string;
}

const LOOKS: Record<Result, Look> = {
  idle: { shape: 'dash', tone: 'none', word: 'Not started' },
  starting: { shape: 'half', tone: 'none', word: 'Starting' },
  playing: { shape: 'play', tone: 'ok', word: 'Playing' },
  paused: { shape: 'bars', tone: 'none', word: 'Paused' },
  seeking: { shape: 'arrows', tone: 'none', word: 'Seeking' },
  rebuffering: { shape: 'triangle', tone: 'warn', word: 'Rebuffering' },
  ended: { shape: 'square', tone: 'none', word: 'Ended' },
  failed: { shape: 'octagon', tone: 'bad', word: 'Failed' },
  exited: { shape: 'out', tone: 'none', word: 'Left' },
  gone: { shape: 'dash', tone: 'none', word: 'Gone' },
  // Of history, which does not know what a running view does at this moment.
  running: { shape: 'play', tone: 'ok', word: 'Under way' },
  'left-before-start': { shape: 'out', tone: 'none', word: 'Left before start' },
};

const UNKNOWN: Look = { shape: 'dash', tone: 'none', word: 'Unknown' };

export function ViewState({ state }: { state: Result }): JSX.Element {
  // A newer server may know states this page does not.
  const { shape, tone, word } = (LOOKS as Partial<Record<string, Look>>)[state] ?? UNKNOWN;
  return (
    <span class="view-state" data-tone={tone} data-state={state}>
      <Glyph shape={shape} /> {word}
    </span>
  );
}
