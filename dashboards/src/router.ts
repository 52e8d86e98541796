/** The address is the state: which page, which video, which timeframe, which filters. Links are plain links. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';

export interface Address {
  path: string;
  params: URLSearchParams;
}

export type Route =
  | { page: 'live' }
  | { page: 'overview' }
  | { page: 'explore'; metric: string }
  | { page: 'start' }
  | { page: 'sql' }
  | { page: 'video'; videoId: string }
  | { page: 'views' }
  | { page: 'view'; viewId: string }
  | { page: 'errors' }
  | { page: 'error'; code: string }
  | { page: 'compare' }
  | { page: 'alerts' }
  | { page: 'incident'; incidentId: string }
  | { page: 'usage' }
  | { page: 'quality' }
  | { page: 'system' }
  | { page: 'settings'; section: string }
  | { page: 'login' }
  | { page: 'unknown' };

const read = (): Address => ({ path: location.pathname, params: new URLSearchParams(location.search) });
const current = signal<Address>(read());

export const address: ReadonlySignal<Address> = current;

export function routeOf(path: string): Route {
  if (path === '/') return { page: 'live' };
  if (path === '/login') return { page: 'login' };
  // The overview lists the videos.
  if (path === '/overview' || path === '/videos') return { page: 'overview' };
  if (path === '/start') return { page: 'start' };
  if (path === '/sql') return { page: 'sql' };
  if (path === '/views') return { page: 'views' };
  if (path === '/errors') return { page: 'errors' };
  if (path === '/compare') return { page: 'compare' };
  if (path === '/alerts') return { page: 'alerts' };
  if (path === '/explore') return { page: 'explore', metric: FIRST_METRIC };
  if (path === '/usage') return { page: 'usage' };
  if (path === '/quality') return { page: 'quality' };
  if (path === '/system') return { page: 'system' };
  if (path === '/settings') return { page: 'settings', section: FIRST_SECTION };
  const [, kind, text] = /^\/(videos|views|explore|errors|alerts|settings)\/([^/]+)$/.exec(path) ?? [];
  const id = text === undefined ? undefined : decoded(text);
  if (id === undefined) return { page: 'unknown' };
  switch (kind) {
    case 'explore':
      return { page: 'explore', metric: id };
    case 'videos':
      return { page: 'video', videoId: id };
    case 'errors':
      return { page: 'error', code: id };
    case 'alerts':
      return { page: 'incident', incidentId: id };
    case 'settings':
      return { page: 'settings', section: id };
    default:
      return { page: 'view', viewId: id };
  }
}

/** Where exploring begins when no metric is named. */
const FIRST_METRIC = 'video_startup_time';
/** Where Settings begins. */
const FIRST_SECTION = 'keys';

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What a person has chosen to look at, and takes along from one page to the next. */
const SCOPE = ['timeframe', 'compare', 'zone', 'filter', 'percentile'];

export const videoHref = (videoId: string): string => withScope(`/videos/${encodeURIComponent(videoId)}`, ['zone', 'timeframe', 'compare']);

export const viewHref = (viewId: string): string => withScope(`/views/${encodeURIComponent(viewId)}`, ['zone']);

export const exploreHref = (metric: string, more: [string, string][] = []): string => withScope(`/explore/${encodeURIComponent(metric)}`, SCOPE, more);

export const errorHref = (code: string): string => withScope(`/errors/${encodeURIComponent(code)}`);

export const incidentHref = (incidentId: string): string => withScope(`/alerts/${encodeURIComponent(incidentId)}`, ['zone']);

/** A path of this app with those parts of the address that go along. */
export function withScope(path: string, names = SCOPE, more: [string, string][] = []): string {
  const { params } = current.value;
  const kept = names.flatMap((name) => params.getAll(name).map((value): [string, string] => [name, value]));
  const query = new URLSearchParams([...kept, ...more]).toString();
  return query === '' ? path : `${path}?${query}`;
}

export function navigate(href: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', href);
  else history.replaceState(null, '', href);
  current.value = read();
}

/** The same page with one parameter changed; the default is left out, so that equal screens have equal addresses. */
export function withParam(from: Address, name: string, value: string, fallback: string): string {
  const params = new URLSearchParams(from.params);
  if (value === fallback) params.delete(name);
  else params.set(name, value);
  const query = params.toString();
  return query === '' ? from.path : `${from.path}?${query}`;
}

/** One of the allowed values of a parameter; anything else in the address means the default. */
export function oneOf<T extends string>(from: Address, name: string, allowed: readonly T[], fallback: T): T {
  const value = from.params.get(name);
  return allowed.find((item) => item === value) ?? fallback;
}

/** Clicks on links to the document's own pages do not load it again: the video, the socket and the state stay. */
export function followLinks(owns: (path: string) => boolean): void {
  addEventListener('popstate', () => (current.value = read()));
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link?.target !== '' || link.origin !== location.origin) return;
    if (!owns(link.pathname)) return;
    event.preventDefault();
    const samePage = link.pathname === location.pathname;
    navigate(link.pathname + link.search);
    if (!samePage) scrollTo(0, 0);
  });
}
