/** The rows of the list of views: the time opens the view, every other value narrows the list to itself. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { DASH, count, dateTime, duration, plural, utc } from '../charts/format';
import { address, viewHref } from '../router';
import { Glyph } from '../ui/Glyph';
import { ViewState } from '../ui/ViewState';
import { useOrder } from '../ui/hooks';
import { added, dimensionWords, withFilters } from '../views/filters';
import type { Filter } from '../views/filters';
import { rememberOpened, takeOpened } from '../views/opened';
import type { Row } from '../views/rows';

interface Props {
  rows: Row[];
  filters: Filter[];
}

export function ViewsTable({ rows, filters }: Props): JSX.Element {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const { ids, hold } = useOrder([...byId.keys()], 0);
  // A view pushed out while the rows are held in place keeps its last values.
  const last = useRef(new Map<string, Row>());
  const shown = ids.flatMap((id) => byId.get(id) ?? last.current.get(id) ?? []);
  last.current = new Map(shown.map((row) => [row.id, row]));
  const waiting = rows.filter((row) => !last.current.has(row.id)).length;
  const body = useReturnedFocus();
  return (
    <>
      <p class="note waiting">
        {waiting === 0
          ? 'Arrow keys move between cells. Rows stand still under the pointer and the focus.'
          : `${plural(waiting, 'new view')} ${waiting === 1 ? 'waits' : 'wait'} until the pointer and the focus leave the rows.`}
      </p>
      <div class="scroll" {...hold} tabIndex={0} role="region" aria-label="Rows of views">
        <table>
          <colgroup>
            <col class="w-start" /><col /><col class="w-viewer" /><col class="w-country" /><col class="w-with" /><col class="w-result" />
            <col class="w-number" /><col class="w-stalls" /><col class="w-error" />
          </colgroup>
          <thead>
            <tr>
              <th scope="col">Start</th><th scope="col">Video</th><th scope="col">Viewer</th><th scope="col">Country</th><th scope="col">Browser and system</th><th scope="col">State or result</th>
              <th scope="col" class="num">Startup</th><th scope="col" class="num">Stalls</th><th scope="col">Error</th>
            </tr>
          </thead>
          {/* Keyed by place: new rows change texts, and nothing moves. */}
          <tbody ref={body} onKeyDown={moveByArrow}>
            {shown.map((row, place) => <ViewLine key={place} row={row} filters={filters} onOpen={() => rememberOpened(here(), ids, row.id)} />)}
          </tbody>
        </table>
      </div>
    </>
  );
}

function ViewLine({ row, filters, onOpen }: { row: Row; filters: Filter[]; onOpen: () => void }): JSX.Element {
  const only = (dimension: string, value: string | undefined, text = value, title = text): JSX.Element | string =>
    value === undefined || text === undefined ? DASH : <Only filters={filters} dimension={dimension} value={value} text={text} title={title ?? text} />;
  const stalled = (row.stalls ?? 0) > 0;
  return (
    <tr data-view={row.id} data-result={row.result}>
      <th scope="row">
        <a class="open" href={viewHref(row.id)} title={utc(row.startMs)} onClick={onOpen}>
          {dateTime(row.startMs, Date.now())}<span class="visually-hidden">, open this view</span>
        </a>
      </th>
      <td class="cut">{row.videoId === undefined ? only('video_title', row.title) : only('video_id', row.videoId, row.title ?? row.videoId)}</td>
      <td class="cut">{only('viewer_id', row.viewerId)}</td>
      <td>{only('country', row.country)}</td>
      <td class="cut">{row.browser === undefined && row.system === undefined ? DASH : <>{only('browser', row.browser)} {only('operating_system', row.system)}</>}</td>
      <td><ViewState state={row.result} /></td>
      <td class="num">{duration(row.startupMs)}</td>
      <td class="num">{stalled && <span data-tone="warn" class="stall-mark"><Glyph shape="triangle" /></span>}{stallText(row)}</td>
      <td class="cut">{only('error_code', row.errorCode, row.errorCode, row.errorMessage ?? row.errorCode)}</td>
    </tr>
  );
}

const here = (): string => address.value.path + location.search;

function stallText({ stalls, stalledMs }: Row): string {
  if (stalls === undefined) return DASH;
  return stalls === 0 ? '0' : `${count(stalls)} · ${duration(stalledMs)}`;
}

interface OnlyProps {
  filters: Filter[];
  dimension: string;
  value: string;
  text: string;
  title: string;
}

/** A value that narrows the list to itself. Reached by the arrow keys: nine stops per row would be a long way by tab. */
function Only({ filters, dimension, value, text, title }: OnlyProps): JSX.Element {
  const { path, params } = address.value;
  const href = withFilters(path, params, added(filters, { dimension, value, negated: false }));
  return <a class="only" tabIndex={-1} href={href} title={title} aria-label={`${text}: only views with this ${dimensionWords(dimension).toLowerCase()}`}>{text}</a>;
}

/** Coming back from a view, the focus is where it left. */
function useReturnedFocus() {
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    const viewId = takeOpened(here());
    const row = [...(body.current?.rows ?? [])].find((tr) => viewId !== undefined && tr.dataset.view === viewId);
    row?.querySelector('a')?.focus();
  }, []);
  return body;
}

const STEPS: Record<string, [rows: number, links: number]> = {
  ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
};

function moveByArrow(event: KeyboardEvent): void {
  const step = STEPS[event.key];
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const row = link?.closest('tr');
  if (step === undefined || link === null || row === null || row === undefined) return;
  event.preventDefault();
  const [down, along] = step;
  const place = [...row.querySelectorAll('a')].indexOf(link) + along;
  const target = down === 0 ? row : down > 0 ? row.nextElementSibling : row.previousElementSibling;
  const links = [...(target?.querySelectorAll('a') ?? [])];
  links[Math.max(0, Math.min(place, links.length - 1))]?.focus();
}
