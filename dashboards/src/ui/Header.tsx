/** The head of every page: where one is, how live it is, and the few switches that are always at hand. */
import type { ComponentChildren, JSX } from 'preact';
import { ConnectionState, PauseButton } from './Connection';
import { THEMES, chooseTheme, theme } from './theme';
import type { Theme } from './theme';

export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <path d="M2 18h28" stroke="currentColor" stroke-width="4" opacity="0.35" />
      <path d="M2 18h16" class="mark-played" stroke-width="4" />
      <path d="M18 8v20" stroke="currentColor" stroke-width="3" />
      <path d="M12 3h12l-6 8Z" fill="currentColor" />
    </svg>
  );
}

export function ThemeSwitch(): JSX.Element {
  const words: Record<Theme, string> = { system: 'System', dark: 'Dark', light: 'Light', contrast: 'High contrast' };
  return (
    <label class="theme">
      <span class="visually-hidden">Theme</span>
      <select id="theme" value={theme.value} onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
        {THEMES.map((option) => <option key={option} value={option}>{words[option]}</option>)}
      </select>
    </label>
  );
}

interface Props {
  /** Links and names beside the mark. */
  children?: ComponentChildren;
  /** Absent where there is no connection to speak of, as on the login page. */
  live: boolean;
  /** Where the mark leads. */
  home?: string;
  /** Who is signed in where, and their switches; without it there is the theme's alone. */
  account?: ComponentChildren;
}

export function Header({ children, live, home = '/', account = <ThemeSwitch /> }: Props): JSX.Element {
  return (
    <header class="head">
      <a class="brand" href={home}><Mark /> <span class="brand-name">Playhead</span></a>
      {children}
      <div class="head-end">
        {live && <ConnectionState />}
        {live && <PauseButton />}
        {account}
      </div>
    </header>
  );
}
