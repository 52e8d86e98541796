/** placeholder */
import type { JSX } from 'preact';
import type { Environment } from '../api/session';
export function StartPage({ environment }: { environment: Environment }): JSX.Element {
  return <h1 tabIndex={-1}>{environment.name}</h1>;
}
