/** A page whose code is fetched when somebody goes there; a fetch that fails can be tried again. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { StateGate } from './StateGate';
import { useAnswer } from './hooks';

interface Props<T> {
  name: string;
  load: () => Promise<T>;
  onShown: () => void;
  children: (page: T) => JSX.Element;
}

export function Lazy<T>({ name, load, onShown, children }: Props<T>): JSX.Element {
  const source = useAnswer(name, load);
  const { status } = source.data;
  useEffect(() => {
    if (status !== 'loading') onShown();
  }, [status]);
  if (status === 'ready') return children(source.data.value);
  return (
    <div class="page-frame panel">
      <h1 class="visually-hidden" tabIndex={-1}>{status === 'loading' ? 'Loading' : 'This page did not load'}</h1>
      <StateGate source={source} what="this page">{children}</StateGate>
    </div>
  );
}
