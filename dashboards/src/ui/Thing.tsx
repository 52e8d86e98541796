/** Rows of lists of things that are managed; they break where a phone ends, so no table is needed. */
import type { ComponentChildren, JSX } from 'preact';
import { dateTime, utc } from '../charts/format';

interface Props {
  head: ComponentChildren;
  /** What is known of it. */
  facts: ComponentChildren;
  /** What can be done with it. */
  children?: ComponentChildren;
}

export function Thing({ head, facts, children }: Props): JSX.Element {
  return (
    <li class="thing">
      <div class="thing-what">
        <p class="thing-head">{head}</p>
        <p class="note">{facts}</p>
      </div>
      {children !== undefined && <div class="form-line">{children}</div>}
    </li>
  );
}

/** Read to the second, in UTC under the pointer. */
export function Moment({ ms }: { ms: number }): JSX.Element {
  return <time dateTime={new Date(ms).toISOString()} title={utc(ms)}>{dateTime(ms, Date.now())}</time>;
}
