/** The line under a page's heading that says what was just done; read out to those who do not see it. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Glyph } from './Glyph';
import { said, say } from './act';

export function Said(): JSX.Element {
  // What was done on one page is no news on the next.
  useEffect(() => () => say(''), []);
  return <p class="said" role="status" data-tone="ok">{said.value !== '' && <><Glyph shape="check" /> {said.value}</>}</p>;
}
