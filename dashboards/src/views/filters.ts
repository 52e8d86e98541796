/** Conditions on views, as the API writes them (`country:DE`, `!cdn:edge-a`, `+title:derby`), as the address keeps them, and in words. */
import type { ViewRow } from '../live/topics';

/** How a value is to be met; `known` needs none, `expression` is a whole condition in parentheses. */
export const RELATIONS = ['is', 'contains', 'begins', 'known', 'from', 'to'] as const;
export type Relation = (typeof RELATIONS)[number] | 'expression';

export interface Filter {
  /** Or a metric that one view has a value for, with `known`, `from` and `to`; empty for an expression. */
  dimension: string;
  /** Missing means `is`. */
  relation?: Relation;
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
  playback_business_exception: 'Stopped by a rule',
  asn_organization: 'Network',
  region: 'Region',
  video_startup_time: 'Startup, ms',
  playing_time: 'Playing time, ms',
  rebuffer_duration: 'Rebuffering, ms',
  rebuffer_count: 'Stalls',
  rebuffer_percentage: 'Rebuffering, 0 to 1',
  viewer_experience_score: 'Experience score',
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

const WRITTEN: Record<Relation, (dimension: string, value: string) => string> = {
  is: (dimension, value) => `${dimension}:${value}`,
  contains: (dimension, value) => `+${dimension}:${value}`,
  begins: (dimension, value) => `^${dimension}:${value}`,
  known: (dimension) => `?${dimension}`,
  from: (dimension, value) => `${dimension}>=${value}`,
  to: (dimension, value) => `${dimension}<=${value}`,
  expression: (_, value) => value,
};

export const filterText = ({ dimension, relation = 'is', value, negated }: Filter): string => `${negated ? '!' : ''}${WRITTEN[relation](dimension, value)}`;

/** First the forms that begin with a sign, since a value may have anything in it. */
const FORMS: [Relation, RegExp][] = [
  ['expression', /^()(\([^]*\))$/], ['contains', /^\+([^:!]+):([^]+)$/], ['begins', /^\^([^:!]+):([^]+)$/], ['known', /^\?([^:!]+)()$/],
  ['from', /^([\w.-]+)>=([^]+)$/], ['to', /^([\w.-]+)<=([^]+)$/], ['is', /^([^:!+^?(-][^:!]*):([^]*)$/],
];

export function parseFilter(text: string): Filter | undefined {
  // A minus is the API's other word for "does not contain".
  const [sign, rest] = text.startsWith('!') ? ['!', text.slice(1)] : text.startsWith('-') ? ['!', `+${text.slice(1)}`] : ['', text];
  for (const [relation, form] of FORMS) {
    const [, dimension, value] = form.exec(rest) ?? [];
    if (dimension !== undefined && value !== undefined) return { dimension, ...(relation === 'is' ? {} : { relation }), value, negated: sign === '!' };
  }
  return undefined;
}

/** Each condition once, in the order it was added; what has no form is left out. */
export function filtersOf(params: URLSearchParams): Filter[] {
  const texts = new Set(params.getAll(PARAM));
  return [...texts].flatMap((text) => parseFilter(text) ?? []);
}

export const dimensionWords = (dimension: string): string => WORDS[dimension] ?? dimension;

const RELATION_WORDS: Record<Relation, [so: string, not: string]> = {
  is: ['is', 'is not'],
  contains: ['contains', 'does not contain'],
  begins: ['begins with', 'does not begin with'],
  known: ['is known', 'is not known'],
  from: ['is at least', 'is not at least'],
  to: ['is at most', 'is not at most'],
  expression: ['holds', 'does not hold'],
};

export const relationWords = (relation: Relation, negated = false): string => RELATION_WORDS[relation][negated ? 1 : 0];

export function filterWords({ dimension, relation = 'is', value, negated }: Filter): { what: string; is: string; value: string } {
  if (relation === 'expression') return { what: value, is: relationWords(relation, negated), value: '' };
  const unknown = relation === 'is' && (value === NOTHING || value === '');
  return { what: dimensionWords(dimension), is: relationWords(relation, negated), value: unknown ? 'not known' : value };
}

/** As a sentence: `CDN is edge-a`. */
export const filterSentence = (filter: Filter): string => {
  const { what, is, value } = filterWords(filter);
  return value === '' ? `${what} ${is}` : `${what} ${is} ${value}`;
};

/** The address with other filters: a new selection begins on its first page, and at the present. */
export function withFilters(path: string, params: URLSearchParams, filters: Filter[]): string {
  const next = new URLSearchParams(params);
  for (const name of [PARAM, 'page', 'until']) next.delete(name);
  for (const text of new Set(filters.map(filterText))) next.append(PARAM, text);
  const query = next.toString();
  return query === '' ? path : `${path}?${query}`;
}

export function added(filters: Filter[], filter: Filter): Filter[] {
  const same = (known: Filter): boolean => known.dimension === filter.dimension && known.value === filter.value && (known.relation ?? 'is') === (filter.relation ?? 'is');
  const others = filters.filter((known) => !same(known));
  return [...others, filter];
}

export const without = (filters: Filter[], filter: Filter): Filter[] =>
  filters.filter((known) => filterText(known) !== filterText(filter));

export const flipped = (filters: Filter[], filter: Filter): Filter[] =>
  filters.map((known) => (filterText(known) === filterText(filter) ? { ...known, negated: !known.negated } : known));

/** The filters' dimensions that the live topic does not tell. */
export const notLive = (filters: Filter[]): string[] =>
  [...new Set(filters.filter((filter) => !isLive(filter)).map(({ dimension }) => dimension === '' ? 'such an expression' : dimension))];

const isLive = ({ dimension, relation = 'is' }: Filter): boolean => LIVE[dimension] !== undefined && (relation === 'is' || relation === 'contains' || relation === 'begins' || relation === 'known');

/** As the server does: values of one dimension are alternatives, everything else holds together. */
export function matchesLive(row: ViewRow, filters: Filter[]): boolean {
  const groups = new Map<string, Filter[]>();
  for (const filter of filters) {
    const { dimension, relation = 'is', value, negated } = filter;
    const key = relation === 'is' ? `${negated ? '!' : ''}${dimension}` : `${filterText(filter)}:${value}`;
    groups.set(key, [...(groups.get(key) ?? []), filter]);
  }
  return [...groups.values()].every((group) => {
    const [first] = group;
    if (first === undefined || !isLive(first)) return false;
    return group.some((filter) => holds(row, filter)) !== first.negated;
  });
}

function holds(row: ViewRow, { dimension, relation = 'is', value: wanted }: Filter): boolean {
  const member = LIVE[dimension];
  const value = member === undefined ? '' : String(row[member] ?? '');
  if (relation === 'is') return value === (wanted === NOTHING ? '' : wanted);
  if (relation === 'known') return value !== '';
  const [text, part] = [value.toLowerCase(), wanted.toLowerCase()];
  return relation === 'begins' ? text.startsWith(part) : text.includes(part);
}
