/** One sentence now and then for people who do not see the screen: at most every 15 s, and only when it says something new. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

const AT_MOST_EVERY_MS = 15_000;

export function Announcer({ text }: { text: string }): JSX.Element {
  const [said, say] = useState('');
  const lastMs = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (text === '' || text === said) return undefined;
    const timer = setTimeout(() => {
      lastMs.current = Date.now();
      say(text);
    }, Math.max(0, lastMs.current + AT_MOST_EVERY_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [text, said]);
  return <p class="visually-hidden" role="status" id="announcer">{said}</p>;
}
