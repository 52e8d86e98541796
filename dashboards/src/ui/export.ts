/** What leaves a panel: rows as CSV, a chart as a picture, a question as a command, an address. */

export type Cell = string | number | null;

/** A spreadsheet runs what begins like this; a leading apostrophe makes it text. */
const RUNS = /^[=+\-@\t\r]/;

/** RFC 4180. Numbers are written as they are, texts of strangers never as formulas. */
export function csv(rows: Cell[][]): string {
  return rows.map((row) => row.map(field).join(',')).join('\r\n') + '\r\n';
}

function field(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = RUNS.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What no token is told, but an owner who is signed in. */
const SESSIONS_ALONE = '/data/v1/system';

/** One question as a shell command; the token is the reader's own and stays in their environment. */
export function curl(path: string, origin: string): string {
  return `curl ${path === SESSIONS_ALONE ? '-b "playhead_session=$PLAYHEAD_SESSION"' : '-u "$PLAYHEAD_TOKEN"'} '${origin}${path.replaceAll("'", '%27')}'`;
}

/** Questions that the API also says in SQL. */
const IN_SQL = /^(\/data\/v1\/(?:metrics\/[^/?]+\/(?:overall|timeseries|breakdown|insights)|errors|usage|video-views|engagement\/videos\/[^/?]+\/(?:heatmap|viewers)))(?=\?|$)/;

/** Where the API says it. */
export const sqlAddress = (path: string): string | undefined => (IN_SQL.test(path) ? path.replace(IN_SQL, '$1/sql') : undefined);

/** Why there is no statement, of what is in no table of analysts. */
const NOT_IN_SQL: [RegExp, string][] = [
  [/^\/data\/v1\/live\//, 'In SQL once it is stored'],
  [/^\/data\/v1\/system$/, 'For owners: with the cookie of their session. Counted by the node itself: in no table for SQL'],
  [/^\/(?:readyz|data\/v1\/refusals)/, 'Counted by the node itself: in no table for SQL'],
  [/^\/data\/v1\/(?:incidents|annotations)/, 'Kept beside the figures: in no table for SQL'],
];

export const whyNoSql = (path: string): string | undefined => NOT_IN_SQL.find(([paths]) => paths.test(path))?.[1];

/** A text in SQL. */
export const sqlText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Of a title, what every file system takes. */
export const fileName = (parts: string[], ending: string): string =>
  `${parts.map((part) => part.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').toLowerCase()).filter((part) => part !== '').join('_')}.${ending}`;

export function download(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has it by then; the page need not keep it.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const MARGIN = 16;
const LINE = 22;

/** A chart with its title, legend and sentence above and below, on the page's own ground. */
export async function picture(canvas: HTMLCanvasElement, head: string[], foot: string): Promise<Blob | null> {
  const scale = devicePixelRatio;
  const styles = getComputedStyle(document.documentElement);
  const made = document.createElement('canvas');
  const width = canvas.width / scale;
  const height = canvas.height / scale;
  made.width = (width + 2 * MARGIN) * scale;
  made.height = (height + 2 * MARGIN + (head.length + 1) * LINE) * scale;
  const ink = made.getContext('2d');
  if (ink === null) return null;
  ink.scale(scale, scale);
  ink.fillStyle = styles.getPropertyValue('--surface');
  ink.fillRect(0, 0, made.width, made.height);
  ink.fillStyle = styles.getPropertyValue('--text-1');
  head.forEach((line, i) => {
    ink.font = `${i === 0 ? '600 14px' : '12px'} system-ui, sans-serif`;
    ink.fillText(line, MARGIN, MARGIN + 12 + i * LINE, width);
  });
  ink.drawImage(canvas, MARGIN, MARGIN + head.length * LINE, width, height);
  ink.fillStyle = styles.getPropertyValue('--text-2');
  ink.fillText(foot, MARGIN, MARGIN + head.length * LINE + height + 16, width);
  return new Promise((resolve) => made.toBlob(resolve));
}
