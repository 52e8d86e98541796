/** The app: a session, one live connection for as long as it lasts, and the page that the address names. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { loadSession, session, signOut } from './api/session';
import type { Environment } from './api/session';
import { LiveStore } from './live/store';
import { liveUrl } from './live/url';
import { LivePage } from './pages/LivePage';
import { LoginPage } from './pages/LoginPage';
import { address, navigate, routeOf, withScope } from './router';
import type { Route } from './router';
import { ConnectionBanner } from './ui/Connection';
import { Header } from './ui/Header';
import { Lazy } from './ui/Lazy';
import { LiveContext } from './ui/hooks';

// Pages one does not come to first are loaded when they are asked for.
const loadOverviewPage = () => import('./pages/OverviewPage').then((module) => module.OverviewPage);
const loadExplorePage = () => import('./pages/ExplorePage').then((module) => module.ExplorePage);
const loadSqlPage = () => import('./pages/SqlPage').then((module) => module.SqlPage);
const loadStartPage = () => import('./pages/StartPage').then((module) => module.StartPage);
const loadVideoPage = () => import('./pages/VideoPage').then((module) => module.VideoPage);
const loadViewsPage = () => import('./pages/ViewsPage').then((module) => module.ViewsPage);
const loadViewPage = () => import('./pages/ViewPage').then((module) => module.ViewPage);

interface NavigationItem {
  href: string;
  name: string;
  page: Route['page'];
  /** A page one comes to from this one. */
  also?: Route['page'];
}

const PAGES: NavigationItem[] = [
  { href: '/', name: 'Live', page: 'live' },
  { href: '/overview', name: 'Overview', page: 'overview', also: 'video' },
  { href: '/explore', name: 'Explore', page: 'explore' },
  { href: '/views', name: 'Views', page: 'views', also: 'view' },
  { href: '/sql', name: 'SQL', page: 'sql' },
  { href: '/start', name: 'Set up', page: 'start' },
];

/** The connection's close code for a session that is not valid, or not any more. */
const UNAUTHENTICATED = 4401;

export function App(): JSX.Element {
  const route = routeOf(address.value.path);
  const current = session.value;
  useEffect(() => {
    // Not on the login page: it has no use for the answer, which might come late and undo the one after signing in.
    if (current.status === 'unasked' && route.page !== 'login') void loadSession();
    if (current.status === 'none' && route.page !== 'login') {
      const here = address.value.path + location.search;
      navigate(here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`, 'replace');
    }
  }, [current.status, route.page]);

  if (route.page === 'login') return <Plain><LoginPage /></Plain>;
  if (current.status === 'open') return <SignedIn environment={current.environment} route={route} />;
  if (current.status === 'error') {
    return (
      <Plain>
        <div class="state panel" data-state="error">
          <h1 class="state-title" tabIndex={-1}>Could not ask who you are</h1>
          <p>{current.message}</p>
          <button type="button" class="button" onClick={() => void loadSession()}>Try again</button>
        </div>
      </Plain>
    );
  }
  return <Plain />;
}

function Plain({ children }: { children?: JSX.Element }): JSX.Element {
  return (
    <>
      <Header live={false} />
      <main class="main">{children}</main>
    </>
  );
}

function SignedIn({ environment, route }: { environment: Environment; route: Route }): JSX.Element {
  const live = useMemo(() => new LiveStore(liveUrl()), [environment.id]);
  useEffect(() => () => live.close(), [live]);
  useEffect(() => live.link.subscribe((link) => {
    if (link.refusal?.code === UNAUTHENTICATED) session.value = { status: 'none' };
  }), [live]);
  const key = address.value.path;
  const first = useRef(key);
  // A new page is announced by its heading; the first one is announced by the document itself.
  const announce = (): void => {
    if (first.current === key) return;
    first.current = '';
    document.querySelector('h1')?.focus({ preventScroll: true });
  };
  useEffect(() => {
    if (route.page === 'live') document.title = 'Live · Playhead';
    if (route.page === 'unknown') document.title = 'Not found · Playhead';
    announce();
  }, [key]);
  return (
    <LiveContext.Provider value={live}>
      <Header live home={withScope('/', ['zone'])} end={<button type="button" class="button" onClick={() => void signOut()}>Sign out</button>}>
        <nav class="pages" aria-label="Pages">
          {PAGES.map(({ href, name, page, also }) => (
            <a key={href} href={withScope(href, href === '/' ? ['zone'] : undefined)} aria-current={route.page === page ? 'page' : route.page === also ? 'true' : undefined}>{name}</a>
          ))}
        </nav>
        <p class="environment"><span class="visually-hidden">Environment </span>{environment.name}</p>
      </Header>
      <main class="main" key={key}><Page environment={environment} route={route} onShown={announce} /></main>
      <ConnectionBanner />
      <Keyboard />
    </LiveContext.Provider>
  );
}

/** Loaded after the page: nobody presses a key before there is something to see. */
function Keyboard(): JSX.Element | null {
  const [loaded, setLoaded] = useState<{ Shortcuts: () => JSX.Element } | undefined>(undefined);
  useEffect(() => {
    // A dashboard without its shortcuts is still one; nobody is told.
    void import('./ui/Shortcuts').then(setLoaded, () => undefined);
  }, []);
  return loaded === undefined ? null : <loaded.Shortcuts />;
}

interface PageProps {
  environment: Environment;
  route: Route;
  /** A page that was loaded late is there. */
  onShown: () => void;
}

function Page({ environment, route, onShown }: PageProps): JSX.Element | null {
  switch (route.page) {
    case 'live':
      return <LivePage environment={environment} />;
    case 'video':
      return <Lazy name="video" load={loadVideoPage} onShown={onShown}>{(VideoPage) => <VideoPage videoId={route.videoId} />}</Lazy>;
    case 'overview':
      return <Lazy name="overview" load={loadOverviewPage} onShown={onShown}>{(OverviewPage) => <OverviewPage />}</Lazy>;
    case 'explore':
      return <Lazy name="explore" load={loadExplorePage} onShown={onShown}>{(ExplorePage) => <ExplorePage metric={route.metric} />}</Lazy>;
    case 'sql':
      return <Lazy name="sql" load={loadSqlPage} onShown={onShown}>{(SqlPage) => <SqlPage />}</Lazy>;
    case 'start':
      return <Lazy name="start" load={loadStartPage} onShown={onShown}>{(StartPage) => <StartPage environment={environment} />}</Lazy>;
    case 'views':
      return <Lazy name="views" load={loadViewsPage} onShown={onShown}>{(ViewsPage) => <ViewsPage />}</Lazy>;
    case 'view':
      return <Lazy name="view" load={loadViewPage} onShown={onShown}>{(ViewPage) => <ViewPage viewId={route.viewId} />}</Lazy>;
    case 'unknown':
      return (
        <div class="state panel" data-state="empty">
          <h1 class="state-title" tabIndex={-1}>There is no such page</h1>
          <p><a href="/">Go to the live page</a></p>
        </div>
      );
    case 'login':
      return null;
  }
}
