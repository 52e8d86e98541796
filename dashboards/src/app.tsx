/** The app: a session, one live connection for as long as it lasts, and the page that the address names. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { loadSession, session, signOut } from './api/session';
import type { Environment } from './api/session';
import { LiveStore } from './live/store';
import { liveUrl } from './live/url';
import { LivePage } from './pages/LivePage';
import { LoginPage } from './pages/LoginPage';
import { editing } from './notes/notes';
import { address, navigate, routeOf, withParam, withScope } from './router';
import type { Route } from './router';
import { ConnectionBanner } from './ui/Connection';
import { Header, ThemeSwitch } from './ui/Header';
import { Lazy } from './ui/Lazy';
import { useDismissed } from './ui/dismissed';
import { LiveContext } from './ui/hooks';

// Pages one does not come to first are loaded when they are asked for.
const loadOverviewPage = () => import('./pages/history').then((module) => module.OverviewPage);
const loadExplorePage = () => import('./pages/history').then((module) => module.ExplorePage);
const loadComparePage = () => import('./pages/history').then((module) => module.ComparePage);
const loadVideoPage = () => import('./pages/history').then((module) => module.VideoPage);
const loadUsagePage = () => import('./pages/history').then((module) => module.UsagePage);
const loadQualityPage = () => import('./pages/history').then((module) => module.QualityPage);
const loadErrorsPage = () => import('./pages/wrong').then((module) => module.ErrorsPage);
const loadErrorPage = () => import('./pages/wrong').then((module) => module.ErrorPage);
const loadAlertsPage = () => import('./pages/wrong').then((module) => module.AlertsPage);
const loadIncidentPage = () => import('./pages/wrong').then((module) => module.IncidentPage);
const loadSystemPage = () => import('./pages/manage').then((module) => module.SystemPage);
const loadSettingsPage = () => import('./pages/manage').then((module) => module.SettingsPage);
const loadStartPage = () => import('./pages/manage').then((module) => module.StartPage);
const loadViewsPage = () => import('./pages/views').then((module) => module.ViewsPage);
const loadViewPage = () => import('./pages/views').then((module) => module.ViewPage);
const loadSqlPage = () => import('./pages/SqlPage').then((module) => module.SqlPage);

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
  { href: '/compare', name: 'Compare', page: 'compare' },
  { href: '/views', name: 'Views', page: 'views', also: 'view' },
  { href: '/errors', name: 'Errors', page: 'errors', also: 'error' },
  { href: '/alerts', name: 'Alerts', page: 'alerts', also: 'incident' },
  { href: '/sql', name: 'SQL', page: 'sql' },
];

/** What one comes to now and then, under one entry. */
const MANAGE: NavigationItem[] = [
  { href: '/usage', name: 'Usage', page: 'usage' },
  { href: '/quality', name: 'Data quality', page: 'quality' },
  { href: '/system', name: 'System health', page: 'system' },
  { href: '/settings', name: 'Settings', page: 'settings' },
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
      <Header live home={withScope('/', ['zone'])} account={<AccountMenu environment={environment} />}>
        <nav class="pages" aria-label="Pages">
          {PAGES.map((item) => <PageLink key={item.href} item={item} route={route} />)}
          <ManageMenu route={route} />
        </nav>
      </Header>
      <main class="main" key={key}><Page environment={environment} route={route} onShown={announce} /></main>
      <ConnectionBanner />
      <Keyboard />
      <Notes />
    </LiveContext.Provider>
  );
}

function PageLink({ item: { href, name, page, also }, route }: { item: NavigationItem; route: Route }): JSX.Element {
  // Time and filters go along to where they mean something.
  const plain = href === '/' || page === 'settings' || page === 'system' || page === 'start';
  return <a href={withScope(href, plain ? ['zone'] : undefined)} aria-current={route.page === page ? 'page' : route.page === also ? 'true' : undefined}>{name}</a>;
}

/** The rest of the pages, so that the head stays one line. */
function ManageMenu({ route }: { route: Route }): JSX.Element {
  const menu = useDismissed();
  return (
    <details class="menu menu-start pages-menu" ref={menu} onClick={(event) => { if (event.target instanceof HTMLAnchorElement && menu.current !== null) menu.current.open = false; }}>
      <summary aria-current={MANAGE.some(({ page }) => page === route.page) ? 'true' : undefined}>Manage</summary>
      <div class="menu-body">{MANAGE.map((item) => <PageLink key={item.href} item={item} route={route} />)}</div>
    </details>
  );
}

/** Which environment this is, and what one rarely changes. */
function AccountMenu({ environment }: { environment: Environment }): JSX.Element {
  const menu = useDismissed();
  return (
    <details class="menu account-menu" ref={menu}>
      <summary class="environment"><span class="visually-hidden">Environment </span>{environment.name}</summary>
      <div class="menu-body"><ThemeSwitch /><a class="button" href={withParam(address.value, 'wall', 'on', '')}>On a wall</a><button type="button" class="button" onClick={() => void signOut()}>Sign out</button></div>
    </details>
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

/** Loaded when the first note is opened or written. */
function Notes(): JSX.Element | null {
  const [loaded, setLoaded] = useState<{ NoteDialog: () => JSX.Element } | undefined>(undefined);
  const wanted = editing.value !== undefined;
  useEffect(() => {
    if (wanted) void import('./notes/NoteDialog').then(setLoaded, () => undefined);
  }, [wanted]);
  return loaded === undefined ? null : <loaded.NoteDialog />;
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
    case 'usage':
      return <Lazy name="usage" load={loadUsagePage} onShown={onShown}>{(UsagePage) => <UsagePage environment={environment} />}</Lazy>;
    case 'quality':
      return <Lazy name="quality" load={loadQualityPage} onShown={onShown}>{(QualityPage) => <QualityPage environment={environment} />}</Lazy>;
    case 'system':
      return <Lazy name="system" load={loadSystemPage} onShown={onShown}>{(SystemPage) => <SystemPage />}</Lazy>;
    case 'settings':
      return <Lazy name="settings" load={loadSettingsPage} onShown={onShown}>{(SettingsPage) => <SettingsPage section={route.section} environment={environment} />}</Lazy>;
    case 'sql':
      return <Lazy name="sql" load={loadSqlPage} onShown={onShown}>{(SqlPage) => <SqlPage />}</Lazy>;
    case 'start':
      return <Lazy name="start" load={loadStartPage} onShown={onShown}>{(StartPage) => <StartPage environment={environment} />}</Lazy>;
    case 'views':
      return <Lazy name="views" load={loadViewsPage} onShown={onShown}>{(ViewsPage) => <ViewsPage />}</Lazy>;
    case 'view':
      return <Lazy name="view" load={loadViewPage} onShown={onShown}>{(ViewPage) => <ViewPage viewId={route.viewId} />}</Lazy>;
    case 'errors':
      return <Lazy name="errors" load={loadErrorsPage} onShown={onShown}>{(ErrorsPage) => <ErrorsPage />}</Lazy>;
    case 'error':
      return <Lazy name="error" load={loadErrorPage} onShown={onShown}>{(ErrorPage) => <ErrorPage code={route.code} />}</Lazy>;
    case 'compare':
      return <Lazy name="compare" load={loadComparePage} onShown={onShown}>{(ComparePage) => <ComparePage />}</Lazy>;
    case 'alerts':
      return <Lazy name="alerts" load={loadAlertsPage} onShown={onShown}>{(AlertsPage) => <AlertsPage />}</Lazy>;
    case 'incident':
      return <Lazy name="incident" load={loadIncidentPage} onShown={onShown}>{(IncidentPage) => <IncidentPage incidentId={route.incidentId} />}</Lazy>;
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
