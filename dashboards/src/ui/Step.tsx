/** To what lies right before or after. It is there also where it leads nowhere, so that nothing moves. The keys [ and ] choose it. */
import type { JSX } from 'preact';

interface Props {
  direction: 1 | -1;
  /** Missing when there is nothing. */
  href: string | undefined;
  /** What it is one of, where the place does not say it. */
  what?: string;
}

export function Step({ direction, href, what }: Props): JSX.Element {
  const [id, word, key, arrow] = direction < 0 ? ['earlier', 'Earlier', '[', 'M8 2 3 6l5 4'] : ['later', 'Later', ']', 'M4 2l5 4-5 4'];
  const label = what === undefined ? word : `${word} ${what}`;
  const icon = <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d={arrow} fill="none" stroke="currentColor" stroke-width="2" /></svg>;
  return href === undefined
    ? <span class="button icon off" id={id} role="link" aria-disabled="true" aria-label={`${label}: nothing there`}>{icon}</span>
    : <a class="button icon" id={id} href={href} title={`${label} (${key})`} aria-label={label}>{icon}</a>;
}
