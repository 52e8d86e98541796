/** Signing in: with the code of the printed link, at once; with an address and a password; or by an invitation. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, explain } from '../api/client';
import { acceptInvitation, signIn } from '../api/session';
import type { Credentials } from '../api/session';
import { address, navigate, routeOf } from '../router';
import { InvitationForm } from './InvitationForm';

/** Where to go afterwards: a page of this app only, whatever the address says. */
function destination(): string {
  const next = address.value.params.get('next') ?? '/';
  const url = new URL(next, location.origin);
  const route = routeOf(url.pathname).page;
  return url.origin === location.origin && route !== 'unknown' && route !== 'login' ? url.pathname + url.search : '/';
}

type Way = 'code' | 'password' | 'invitation';

/** A code works once, so it goes out of the address, and out of the history, before it is used. */
function takeCode(name: Way): string | undefined {
  const code = new URLSearchParams(location.hash.slice(1)).get(name);
  if (code !== null) history.replaceState(null, '', location.pathname + location.search);
  return code ?? undefined;
}

export function LoginPage(): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [invitation, setInvitation] = useState<string | undefined>(undefined);
  const attempt = (opened: Promise<void>, way: Way): void => {
    setBusy(true);
    setProblem(undefined);
    opened.then(
      () => navigate(destination(), 'replace'),
      (error: unknown) => {
        setBusy(false);
        setProblem(reason(error, way));
      },
    );
  };
  const enter = (credentials: Credentials): void => attempt(signIn(credentials), 'code' in credentials ? 'code' : 'password');
  useEffect(() => {
    setInvitation(takeCode('invitation'));
    const code = takeCode('code');
    if (code !== undefined) enter({ code });
  }, []);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    enter({ email: text(fields, 'email'), password: text(fields, 'password') });
  };
  if (invitation !== undefined) {
    return (
      <section class="login panel" aria-labelledby="login-title">
        <h1 id="login-title" tabIndex={-1}>Welcome</h1>
        <InvitationForm busy={busy} problem={problem} onAccept={(password) => attempt(acceptInvitation(invitation, password), 'invitation')} />
      </section>
    );
  }
  return (
    <section class="login panel" aria-labelledby="login-title">
      <h1 id="login-title" tabIndex={-1}>Sign in</h1>
      <p>When Playhead starts, it prints a login link in its terminal. Open that link, and you are in.</p>
      <p>If an administrator gave you an account, use it here.</p>
      <form onSubmit={submit} aria-describedby="login-problem">
        <label for="email">Email</label>
        <input id="email" name="email" type="email" autocomplete="username" required />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <p id="login-problem" class="problem" role="alert">{problem}</p>
        <button type="submit" class="button primary" disabled={busy}>{busy ? 'Signing in' : 'Sign in'}</button>
      </form>
    </section>
  );
}

const text = (fields: FormData, name: string): string => {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
};

function reason(error: unknown, way: Way): string {
  if (error instanceof ApiError && error.status === 404 && way === 'invitation') {
    return 'This invitation has been used, has expired or was taken back. Ask for a new one.';
  }
  if (error instanceof ApiError && error.status === 401) {
    return way === 'code'
      ? 'This login link has been used or has expired. Restart Playhead to print a new one.'
      : 'Email and password do not match an account.';
  }
  return explain(error);
}
