/** A titled part of a page, with the chart or its table twin; which of the two is part of the address. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { address, oneOf, withParam } from '../router';

interface Props {
  id: string;
  title: string;
  /** Where the title leads. */
  titleHref?: string | undefined;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  class?: string;
  /** Called once, when the panel is on the screen or nearly so: what is further down need not be asked yet. */
  onSeen?: () => void;
  children: ComponentChildren;
}

const NEARLY = '300px';


export function Panel({ id, title, titleHref, note, actions, class: extra, onSeen, children }: Props): JSX.Element {
  const section = useRef<HTMLElement>(null);
  // A link to a panel is followed before there is one: it is gone to when it is there.
  useEffect(() => {
    if (location.hash === `#${id}`) section.current?.scrollIntoView();
    if (onSeen === undefined || section.current === null) return undefined;
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      onSeen();
    }, { rootMargin: NEARLY });
    watch.observe(section.current);
    return () => watch.disconnect();
  }, []);
  return (
    <section class={`panel ${extra ?? ''}`} id={id} ref={section} aria-labelledby={`${id}-title`}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{titleHref === undefined ? title : <a href={titleHref}>{title}</a>}</h2>
        {note !== undefined && <p class="note">{note}</p>}
        {actions !== undefined && <div class="panel-actions">{actions}</div>}
      </header>
      <div class="panel-body">{children}</div>
    </section>
  );
}

const SHAPES = ['chart', 'table'] as const;

/** Whether a panel shows its chart or its table; `param` names it in the address. */
export function panelShape(param: string): (typeof SHAPES)[number] {
  return oneOf(address.value, param, SHAPES, 'chart');
}

export function ShapeSwitch({ param, what }: { param: string; what: string }): JSX.Element {
  const table = panelShape(param) === 'table';
  return (
    <a class="button shape-switch" href={withParam(address.value, param, table ? 'chart' : 'table', 'chart')} aria-label={`Show ${what} as a ${table ? 'chart' : 'table'}`}>
      {table ? 'Chart' : 'Table'}
    </a>
  );
}

interface ChoicesProps<T extends string> {
  label: string;
  param: string;
  options: readonly T[];
  fallback: T;
  words?: Partial<Record<T, string>>;
}

/** A choice that is part of the address: links, so that back, share and reload work. */
export function Choices<T extends string>({ label, param, options, fallback, words }: ChoicesProps<T>): JSX.Element {
  const from = address.value;
  const chosen = oneOf(from, param, options, fallback);
  return (
    <nav class="choices" aria-label={label}>
      {options.map((option) => (
        <a key={option} href={withParam(from, param, option, fallback)} aria-current={option === chosen ? 'true' : undefined}>
          {words?.[option] ?? option}
        </a>
      ))}
    </nav>
  );
}
