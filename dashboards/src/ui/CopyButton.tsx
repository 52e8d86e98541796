/** Copies a text, and says whether it worked where the eye already is. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const SAID_FOR_MS = 2_000;

interface Props {
  /** A function when it is only known, or costly, at the moment of copying. */
  text: string | (() => string);
  label?: string;
  /** What is copied, where the place alone does not say it. */
  what?: string;
}

export function CopyButton({ text, label = 'Copy', what }: Props): JSX.Element {
  const [said, say] = useState<'Copied' | 'Select and copy by hand' | undefined>(undefined);
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => say(undefined), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    // Absent outside a secure context, whatever the types say.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard === undefined) {
      say('Select and copy by hand');
      return;
    }
    clipboard.writeText(typeof text === 'string' ? text : text()).then(() => say('Copied'), () => say('Select and copy by hand'));
  };
  return (
    <button type="button" class="button copy" onClick={copy}>
      <span aria-live="polite">{said ?? label}</span>
      {what !== undefined && <span class="visually-hidden"> {what}</span>}
    </button>
  );
}
