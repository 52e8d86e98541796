/** Shapes that carry a state beside its colour and its word. */
import type { JSX } from 'preact';

const PATHS = {
  circle: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1Z',
  triangle: 'M6 1 11.5 11H.5Z',
  octagon: 'M3.5 0h5L12 3.5v5L8.500 12h-5L0 8.500v-5ZM2.5 5v2h7V5Z',
  dash: 'M1 5h10v2H1Z',
  play: 'M2.5 1 11 6l-8.5 5Z',
  bars: 'M2 1h3v10H2ZM7 1h3v10H7Z',
  square: 'M2 2h8v8H2Z',
  ring: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1Zm0 2a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z',
  arrows: 'M0 1l6 5-6 5ZM6 1l6 5-6 5Z',
  half: 'M6 1a5 5 0 0 0 0 10Zm1.5 0.3v9.4A5 5 0 0 0 7.500 1.300Z',
  up: 'M6 1l5 6H8v4H4V7H1Z',
  down: 'M6 11l5-6H8V1H4v4H1Z',
  funnel: 'M.500 1.500h11L7.500 6.500V11l-3-1.500v-3Z',
  check: 'M4.500 10.500.5 6.500 2 5l2.500 2.500L10 2l1.500 1.500Z',
  out: 'M1 5h6V2l5 4-5 4V7H1Z',
} as const;

export type Shape = keyof typeof PATHS;

export function Glyph({ shape }: { shape: Shape }): JSX.Element {
  return (
    <svg class="glyph" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d={PATHS[shape]} fill="currentColor" fill-rule="evenodd" />
    </svg>
  );
}
