/** The inside of a panel's menu: its rows, its picture, its questions as calls and as SQL, and its address. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { explain, getJson } from '../api/client';
import { CopyButton } from './CopyButton';
import type { Asked, Taken } from './PanelMenu';
import { csv, curl, download, fileName, picture, sqlAddress, whyNoSql } from './export';

interface Props extends Taken {
  menu: { current: HTMLElement | null };
}

export type Body = (props: Props) => JSX.Element;

export function MenuBody({ title, about, asked, rows, hasPicture = false, anchor, menu }: Props): JSX.Element {
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
    <div class="menu-body export">
      <p class="menu-line">
        {rows !== undefined && <><CopyButton text={text} label="Copy as CSV" /><button type="button" class="button" onClick={() => download(fileName([title, ...about], 'csv'), new Blob([text()], { type: 'text/csv;charset=utf-8' }))}>Save CSV</button></>}
        {hasPicture && <button type="button" class="button" onClick={savePicture}>Save PNG</button>}
        <CopyButton text={link} label="Copy link" />
      </p>
      {asked.length > 0 && <p class="note">As an API call, with your token as <code>PLAYHEAD_TOKEN</code> (<code>id:secret</code>)</p>}
      {asked.map((call) => <Call key={call.path} {...call} />)}
    </div>
  );
}

function Call({ what, path, sql }: Asked): JSX.Element {
  const address = sqlAddress(path);
  const reason = whyNoSql(path);
  return (
    <div class="menu-call">
      <p class="menu-what">{what}</p>
      <pre tabIndex={0} aria-label={`API call: ${what}`}><code>{curl(path, location.origin)}</code></pre>
      <CopyButton text={curl(path, location.origin)} label="Copy curl" what={what} />
      {(address !== undefined || sql !== undefined) && <Sql what={what} address={address} given={sql} />}
      {reason !== undefined && <span class="note">{reason}</span>}
    </div>
  );
}

/** The statement that gives the same numbers; asked for when somebody wants it. */
function Sql({ what, address, given }: { what: string; address: string | undefined; given: string | undefined }): JSX.Element {
  const [statement, tell] = useState<string | undefined>(undefined);
  const [problem, complain] = useState<string | undefined>(undefined);
  const show = (): void => {
    const told = given !== undefined || address === undefined ? Promise.resolve(given ?? '') : getJson<{ data: { query: string } }>(address).then(({ data }) => data.query);
    told.then(tell, (error: unknown) => complain(explain(error)));
  };
  if (statement === undefined) {
    return problem === undefined
      ? <button type="button" class="button" onClick={show}>Show SQL<span class="visually-hidden"> {what}</span></button>
      : <span class="note" role="status">{problem}</span>;
  }
  return (
    <>
      <a class="button" href={`/sql?query=${encodeURIComponent(statement)}`}>Open in SQL<span class="visually-hidden"> {what}</span></a>
      <pre tabIndex={0} aria-label={`SQL: ${what}`}><code>{statement}</code></pre>
      <CopyButton text={statement} label="Copy SQL" what={what} />
    </>
  );
}
