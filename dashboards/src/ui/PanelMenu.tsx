/** What can be taken from a panel: its rows, its picture, its questions and its address. */
import type { JSX } from 'preact';
import { CopyButton } from './CopyButton';
import { useDismissed } from './dismissed';
import { csv, curl, download, fileName, picture } from './export';
import type { Cell } from './export';

export interface Asked {
  /** What the question is, where a panel asks several. */
  what: string;
  path: string;
}

interface Props {
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

export function PanelMenu({ title, about, asked, rows, hasPicture = false, anchor }: Props): JSX.Element {
  const menu = useDismissed();
  const panel = (): HTMLElement | null => menu.current?.closest('section') ?? null;
  const savePicture = (): void => {
    const canvas = panel()?.querySelector('canvas');
    if (canvas === null || canvas === undefined) return;
    const foot = panel()?.querySelector('.summary')?.textContent ?? '';
    void picture(canvas, [title, about.join(' · ')], foot).then((blob) => {
      if (blob !== null) download(fileName([title, ...about], 'png'), blob);
    });
  };
  const text = (): string => csv(rows?.() ?? []);
  const link = (): string => `${location.origin}${location.pathname}${location.search}#${anchor ?? panel()?.id ?? ''}`;
  return (
    <details class="menu" ref={menu}>
      <summary class="button">Export<span class="visually-hidden"> {title}</span></summary>
      <div class="menu-body">
        {rows !== undefined && <p class="menu-line"><CopyButton text={text} label="Copy as CSV" /><button type="button" class="button" onClick={() => download(fileName([title, ...about], 'csv'), new Blob([text()], { type: 'text/csv;charset=utf-8' }))}>Save CSV</button></p>}
        <p class="menu-line">
          {hasPicture && <button type="button" class="button" onClick={savePicture}>Save PNG</button>}
          <CopyButton text={link} label="Copy link" />
        </p>
        {asked.map(({ what, path }) => (
          <div class="menu-call" key={path}>
            <p class="note">{what} as an API call, with your token as <code>PLAYHEAD_TOKEN</code> (<code>id:secret</code>)</p>
            <pre tabIndex={0} aria-label={`API call: ${what}`}><code>{curl(path, location.origin)}</code></pre>
            <CopyButton text={curl(path, location.origin)} label="Copy curl" what={what} />
          </div>
        ))}
      </div>
    </details>
  );
}
