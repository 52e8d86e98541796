/** Conditions on views, as the API writes them (`country:DE`, `!cdn:edge-a`), as the address keeps them, and in words. */
import type { ViewRow } from '../live/topics';

export interface Filter {
  dimension: string;
  value: string;
  negated: boolean;
}

/** Dimensions as they read. Those of a site's own, and those a newer server may know, read as they are written. */
const WORDS: Record<string, string> = {
  video_id: 'Video',
  video_title: 'Title',
  video_series: 'Series',
  stream_type: 'Live or on demand',
  viewer_id: 'Viewer',
  country: 'Country',
  browser: 'Browser',
  browser_version: 'Browser version',
  operating_system: 'System',
  operating_system_version: 'System version',
  device: 'Device',
  player_name: 'Player name',
  player_version: 'Player name’s version',
  player_software: 'Player',
  player_software_version: 'Player version',
  cdn: 'CDN',
  asn: 'Network (ASN)',
  connection_type: 'Connection',
  source_hostname: 'Media host',
  page_url: 'Page',
  page_type: 'Kind of page',
  experiment_name: 'Experiment',
  rendition_height: 'Picture height',
  rendition_codec: 'Codec',
  sdk: 'SDK',
  error_code: 'Error',
  session_id: 'Session',
  playback_failure: 'Playback failure',
  video_startup_failure: 'Startup failure',
  exit_before_video_start: 'Exit before start',
};

/** Of what the live topic says of a view; a filter by anything else cannot be kept live. */
const LIVE: Partial<Record<string, keyof ViewRow>> = {
  video_id: 'video_id',
  video_title: 'title',
  viewer_id: 'viewer_id',
  country: 'country',
  browser: 'browser',
  operating_system: 'operating_system',
  player_software: 'player',
  cdn: 'cdn',
  error_code: 'error_code',
};

/** Stands for "not known" in the API. */
export const NOTHING = '__empty__';

const PARAM = 'filter';

export const filterText = ({ dimension, value, negated }: Filter): string => `${negated ? '!' : ''}${dimension}:${value}`;

export function parseFilter(text: string): Filter | undefined {
  const match = /^(!?)([^:!]+):([^]*)$/.exec(text);
  const [, not, dimension, value] = match ?? [];
  if (dimension === undefined || value === undefined) return undefined;
  return { dimension, value, negated: not === '!' };
}

/** Each condition once, in the order it was added; what has no form is left out. */
export function filtersOf(params: URLSearchParams): Filter[] {
  const texts = new Set(params.getAll(PARAM));
  return [...texts].flatMap((text) => parseFilter(text) ?? []);
}

export const dimensionWords = (dimension: string): string => WORDS[dimension] ?? dimension;

export const filterWords = ({ dimension, value, negated }: Filter): { what: string; is: string; value: string } => ({
  what: dimensionWords(dimension),
  is: negated ? 'is not' : 'is',
  value: value === NOTHING || value === '' ? 'not known' : value,
});

/** The address with other filters: a new selection begins on its first page, and at the present. */
export function withFilters(path: string, params: URLSearchParams, filters: Filter[]): string {
  const next = new URLSearchParams(params);
  for (const name of [PARAM, 'page', 'until']) next.delete(name);
  for (const text of new Set(filters.map(filterText))) next.append(PARAM, text);
  const query = next.toString();
  return query === '' ? path : `${path}?${query}`;
}

export function added(filters: Filter[], filter: Filter): Filter[] {
  const others = filters.filter((known) => known.dimension !== filter.dimension || known.value !== filter.value);
  return [...others, filter];
}

export const without = (filters: Filter[], filter: Filter): Filter[] =>
  filters.filter((known) => filterText(known) !== filterText(filter));

export const flipped = (filters: Filter[], filter: Filter): Filter[] =>
  filters.map((known) => (filterText(known) === filterText(filter) ? { ...known, negated: !known.negated } : known));

/** The filters' dimensions that the live topic does not tell. */
export const notLive = (filters: Filter[]): string[] =>
  [...new Set(filters.map(({ dimension }) => dimension).filter((dimension) => LIVE[dimension] === undefined))];

/** As the server does: values of one dimension are alternatives, everything else holds together. */
export function matchesLive(row: ViewRow, filters: Filter[]): boolean {
  const groups = new Map<string, Filter[]>();
  for (const filter of filters) {
    const key = `${filter.negated ? '!' : ''}${filter.dimension}`;
    groups.set(key, [...(groups.get(key) ?? []), filter]);
  }
  return [...groups.values()].every((group) => {
    const [first] = group;
    const member = first === undefined ? undefined : LIVE[first.dimension];
    if (first === undefined || member === undefined) return false;
    const value = String(row[member] ?? '');
    const among = group.some((filter) => (filter.value === NOTHING ? '' : filter.value) === value);
    return among !== first.negated;
  });
}
