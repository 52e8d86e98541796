/** Accepting an invitation: a password is chosen, and whoever chose it is signed in. */
import type { JSX } from 'preact';

interface Props {
  busy: boolean;
  problem: string | undefined;
  onAccept: (password: string) => void;
}

/** As the server counts; it has the last word. */
const SHORTEST = 10;

export function InvitationForm({ busy, problem, onAccept }: Props): JSX.Element {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const password = new FormData(event.currentTarget as HTMLFormElement).get('password');
    if (typeof password === 'string') onAccept(password);
  };
  return (
    <form onSubmit={submit} aria-describedby="login-problem">
      <p>You were invited. Choose a password; with your email address it opens Playhead from now on.</p>
      <label for="password">New password</label>
      <input id="password" name="password" type="password" autocomplete="new-password" minLength={SHORTEST} required />
      <p id="login-problem" class="problem" role="alert">{problem}</p>
      <button type="submit" class="button primary" disabled={busy}>{busy ? 'Signing in' : 'Accept and sign in'}</button>
    </form>
  );
}
