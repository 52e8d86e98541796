/** Dark, light, of high contrast, or as the system says. The choice is kept on this machine; the colours live in styles/tokens.css. */
import { computed, effect, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';

export const THEMES = ['system', 'dark', 'light', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'playhead.theme';

/** What the system wants, as long as it does. */
function asked(query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query);
  const holds = signal(media.matches);
  media.addEventListener('change', (event) => (holds.value = event.matches));
  return holds;
}

const systemIsDark = asked('(prefers-color-scheme: dark)');
const wantsContrast = asked('(prefers-contrast: more)');
const forcesColors = asked('(forced-colors: active)');

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

/** Colours that the system forces are its own, whatever was chosen here. */
const shade = computed<'dark' | 'light'>(() => {
  const chosen = forcesColors.value ? 'system' : theme.value;
  return chosen === 'dark' || chosen === 'light' ? chosen : systemIsDark.value ? 'dark' : 'light';
});

const contrast = computed<'more' | 'usual'>(() => (theme.value === 'contrast' || wantsContrast.value ? 'more' : 'usual'));

/** What is on the screen, for canvases: they read their colours again whenever it changes. */
export const look = computed(() => `${shade.value} ${contrast.value} ${forcesColors.value ? 'forced' : 'free'}`);

export function chooseTheme(choice: Theme): void {
  theme.value = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // See stored().
  }
}

effect(() => {
  Object.assign(document.documentElement.dataset, { theme: shade.value, contrast: contrast.value });
});
