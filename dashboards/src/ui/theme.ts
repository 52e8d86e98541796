/** Dark, light, or as the system says. The choice is kept on this machine; the colours live in styles/tokens.css. */
import { computed, effect, signal } from '@preact/signals';

export const THEMES = ['system', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'playhead.theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(systemDark.matches);
systemDark.addEventListener('change', (event) => (systemIsDark.value = event.matches));

/** Storage may be forbidden: then the choice lasts as long as the page. */
function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === value) ?? 'system';
  } catch {
    return 'system';
  }
}

export const theme = signal<Theme>(stored());

/** What is on the screen, for canvases that cannot read a media query. */
export const shade = computed<'dark' | 'light'>(() =>
  theme.value === 'system' ? (systemIsDark.value ? 'dark' : 'light') : theme.value,
);

export function chooseTheme(choice: Theme): void {
  theme.value = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // See stored().
  }
}

effect(() => {
  document.documentElement.dataset.theme = shade.value;
});
