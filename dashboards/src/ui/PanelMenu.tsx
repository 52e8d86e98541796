/** What can be taken from a panel. What the menu holds is loaded, and made, when it is opened: most never are. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Body } from './MenuBody';
import { useDismissed } from './dismissed';
import type { Cell } from './export';

export interface Asked {
  /** What the question is, where a panel asks several. */
  what: string;
  path: string;
  /** The same in SQL, where the API has no statement for the path. */
  sql?: string;
}

export interface Taken {
  /** The panel's title, and what tells its files from others. */
  title: string;
  about: string[];
  asked: Asked[];
  /** Header first; missing until there is an answer. */
  rows?: (() => Cell[][]) | undefined;
  /** Whether there is a chart to take a picture of. */
  hasPicture?: boolean;
  /** The id to link to, where the menu stands outside of its panel. */
  anchor?: string;
}

export function PanelMenu(taken: Taken): JSX.Element {
  const menu = useDismissed();
  const [open, setOpen] = useState(false);
  const [loaded, setLoaded] = useState<{ MenuBody: Body } | undefined>(undefined);
  const toggled = (): void => {
    setOpen(menu.current?.open === true);
    // Without a connection the menu stays empty, and is tried again when it is opened again.
    if (menu.current?.open === true && loaded === undefined) void import('./MenuBody').then(setLoaded, () => undefined);
  };
  return (
    <details class="menu" ref={menu} onToggle={toggled}>
      <summary class="button">Export<span class="visually-hidden"> {taken.title}</span></summary>
      {open && loaded !== undefined && <loaded.MenuBody {...taken} menu={menu} />}
    </details>
  );
}
