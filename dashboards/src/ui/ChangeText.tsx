/** A difference as an arrow, a figure and a word; colour only repeats what the word says. */
import type { JSX } from 'preact';
import { DASH } from '../charts/format';
import type { Change } from '../time/compare';
import { Glyph } from './Glyph';

const TONES: Record<Change['verdict'], 'ok' | 'bad' | 'none'> = { better: 'ok', worse: 'bad', higher: 'none', lower: 'none', unchanged: 'none' };

export function ChangeText({ change, than }: { change: Change | undefined; than: string }): JSX.Element {
  if (change === undefined) return <span class="change" title="nothing to compare">{DASH}<span class="visually-hidden"> nothing to compare</span></span>;
  const { way, text, verdict } = change;
  const judged = verdict === 'better' || verdict === 'worse';
  return (
    <span class="change" data-tone={TONES[verdict]} title={than}>
      <Glyph shape={way === 'same' ? 'dash' : way} /> {way === 'same' ? 'same' : <>{text} <span class={judged ? undefined : 'visually-hidden'}>{verdict}</span></>}
    </span>
  );
}
