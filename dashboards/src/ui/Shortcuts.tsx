/** Single keys for what is done often, a list of them under `?`, and a switch for people whose keys must not do such things (WCAG 2.1.4). */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { address, navigate, withParam, withScope } from '../router';
import { hangUp } from './wall';

interface Shortcut {
  keys: string;
  words: string;
  run: () => void;
}

const click = (selector: string) => (): void => document.querySelector<HTMLElement>(selector)?.click();
const focus = (selector: string) => (): void => document.querySelector<HTMLElement>(selector)?.focus();
const go = (path: string, names?: string[]) => (): void => navigate(withScope(path, names));

/** The first panel's table and back: each panel has a switch of its own besides. */
const SHORTCUTS: Shortcut[] = [
  { keys: 'g l', words: 'Live', run: go('/', ['zone']) },
  { keys: 'g o', words: 'Overview', run: go('/overview') },
  { keys: 'g e', words: 'Explore', run: go('/explore') },
  { keys: 'g v', words: 'Views', run: go('/views') },
  { keys: 'g r', words: 'Errors', run: go('/errors') },
  { keys: 'g c', words: 'Compare', run: go('/compare') },
  { keys: 'g a', words: 'Alerts', run: go('/alerts', ['zone', 'timeframe']) },
  { keys: 'g q', words: 'SQL', run: go('/sql', ['zone']) },
  { keys: 'g s', words: 'Set up', run: go('/start') },
  { keys: 'g u', words: 'Usage', run: go('/usage') },
  { keys: 'g d', words: 'Data quality', run: go('/quality') },
  { keys: 'g h', words: 'System health', run: go('/system', ['zone']) },
  { keys: 'g ,', words: 'Settings', run: go('/settings', ['zone']) },
  { keys: '/', words: 'Search views by an id', run: () => { if (document.querySelector('#search-id') === null) navigate(withScope('/views')); setTimeout(focus('#search-id'), 300); } },
  { keys: 'f', words: 'Add a filter', run: click('#add-filter') },
  { keys: 't', words: 'Choose the time', run: focus('#timeframe [aria-current], #timeframe a') },
  { keys: '[', words: 'Earlier', run: click('a#earlier') },
  { keys: ']', words: 'Later', run: click('a#later') },
  { keys: 'c', words: 'Comparison on and off', run: () => navigate(withParam(address.value, 'compare', address.value.params.get('compare') === 'none' ? 'previous' : 'none', 'previous')) },
  { keys: 'x', words: 'First chart as a table and back', run: click('.shape-switch') },
  { keys: 'r', words: 'Refresh', run: click('#refresh') },
  { keys: 'k', words: 'On a wall and back', run: () => navigate(withParam(address.value, 'wall', address.value.params.has('wall') ? '' : 'on', '')) },
];

const STORED = 'playhead.shortcuts';
/** A second key has to follow the first this soon. */
const SEQUENCE_MS = 1_500;
const TYPES = 'input, textarea, select, [contenteditable]';

function switchedOff(): boolean {
  try {
    return localStorage.getItem(STORED) === 'off';
  } catch {
    return false;
  }
}

export function Shortcuts(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [off, setOff] = useState(switchedOff);
  const wall = address.value.params.get('wall');
  // Keys are listened to as soon as there is something to see: who knows them does not wait for the first frame.
  useLayoutEffect(() => (wall === null ? undefined : hangUp(wall)), [wall]);
  useLayoutEffect(() => {
    let first: { key: string; atMs: number } | undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.key.length > 1) return;
      if (event.target instanceof Element && event.target.closest(TYPES) !== null) return;
      if (event.key === '?') return dialog.current?.showModal();
      if (off || document.querySelector('dialog[open]') !== null) return;
      const begun = first !== undefined && Date.now() - first.atMs < SEQUENCE_MS ? `${first.key} ` : '';
      const of = (pressed: string): Shortcut | undefined => SHORTCUTS.find(({ keys }) => keys === pressed);
      const found = of(begun + event.key) ?? of(event.key);
      first = { key: event.key, atMs: Date.now() };
      if (found === undefined) return;
      event.preventDefault();
      first = undefined;
      found.run();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [off]);
  const toggle = (on: boolean): void => {
    setOff(!on);
    try {
      localStorage.setItem(STORED, on ? 'on' : 'off');
    } catch {
      // Storage may be forbidden: then the choice lasts as long as the page.
    }
  };
  return (
    <dialog class="shortcuts" ref={dialog} aria-labelledby="shortcuts-title">
      <h2 id="shortcuts-title">Keyboard</h2>
      <dl>
        {SHORTCUTS.map(({ keys, words }) => <div key={keys}><dt>{keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{words}</dd></div>)}
        <div><dt><kbd>Space</kbd></dt><dd>Pause what is live</dd></div>
        <div><dt><kbd>← →</kbd> <kbd>+ −</kbd></dt><dd>In a chart: read values, zoom</dd></div>
        <div><dt><kbd>?</kbd></dt><dd>This list</dd></div>
      </dl>
      <label class="shortcuts-switch"><input type="checkbox" checked={!off} onChange={(event) => toggle(event.currentTarget.checked)} /> Single keys do these things</label>
      <form method="dialog"><button class="button primary" type="submit">Close</button></form>
    </dialog>
  );
}
