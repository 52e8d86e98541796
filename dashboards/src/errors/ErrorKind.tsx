/** What an error does to a view, as a shape, a colour and a word. */
import type { JSX } from 'preact';
import { ratio } from '../charts/format';
import { Glyph } from '../ui/Glyph';
import type { Shape } from '../ui/Glyph';
import type { ErrorRow, Kind } from './errors';

const LOOKS: Record<Kind, { shape: Shape; tone: 'bad' | 'warn' | 'none'; word: string; title: string }> = {
  fatal: { shape: 'octagon', tone: 'bad', word: 'Fatal', title: 'Ended every view that has it' },
  mixed: { shape: 'half', tone: 'bad', word: 'Fatal', title: 'Ended some of the views that have it' },
  warning: { shape: 'triangle', tone: 'warn', word: 'Warning', title: 'The views that have it went on' },
  rule: { shape: 'bars', tone: 'none', word: 'Business rule', title: 'A rule of the site stopped the view: no right to it, or the wrong country' },
  unknown: { shape: 'dash', tone: 'none', word: 'Not known', title: 'What it did to the views did not load' },
};

export function ErrorKind({ row: { kind, failures = 0, views } }: { row: Pick<ErrorRow, 'kind' | 'failures' | 'views'> }): JSX.Element {
  const { shape, tone, word, title } = LOOKS[kind];
  return <span class="view-state" data-tone={tone} title={title}><Glyph shape={shape} /> {word}{kind === 'mixed' && ` in ${ratio(failures / views)}`}</span>;
}
