/** Decides, for every panel alike, between a skeleton, an error with a way on, an empty state, and the content. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Source } from './hooks';

interface Props<T> {
  source: Source<T>;
  /** What is loading, failed or empty, as it reads in a sentence: "the most watched videos". */
  what: string;
  isEmpty?: (value: T) => boolean;
  empty?: ComponentChildren;
  children: (value: T) => JSX.Element;
}

/** Anything faster than this should not flash a skeleton. */
const SKELETON_AFTER_MS = 150;

export function StateGate<T>({ source, what, isEmpty, empty, children }: Props<T>): JSX.Element {
  const { data, retry } = source;
  switch (data.status) {
    case 'loading':
      return <Skeleton what={what} />;
    case 'error':
      return (
        <div class="state" data-state="error">
          <p class="state-title">Could not load {what}</p>
          <p>{data.message}</p>
          <button type="button" class="button" onClick={retry}>Try again</button>
        </div>
      );
    case 'ready':
      if (isEmpty?.(data.value) === true) return <div class="state" data-state="empty">{empty}</div>;
      return children(data.value);
  }
}

/** Takes the panel's whole body, whose size does not depend on what is in it. */
function Skeleton({ what }: { what: string }): JSX.Element {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={shown ? 'skeleton shown' : 'skeleton'} data-state="loading" role="img" aria-label={`Loading ${what}`} />
  );
}
