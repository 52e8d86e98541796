/** What a person may do here, and what is said to somebody who may not. */
import type { JSX } from 'preact';
import { session } from '../api/session';
import type { Scope, Who } from '../api/session';
import { Glyph } from './Glyph';

const NOBODY: Who = { email: null, role: 'viewer', scopes: [] };

export const who = (): Who => (session.value.status === 'open' ? session.value.who : NOBODY);

export const may = (scope: Scope): boolean => who().scopes.includes(scope);
export const isOwner = (): boolean => who().role === 'owner';

const ARTICLED = { viewer: 'a viewer', editor: 'an editor', admin: 'an admin', owner: 'an owner' } as const;

/** Why something is not offered: as a line above what may be read, or in the place of all of it. */
export function NotAllowed({ what, needs, whole = false }: { what: string; needs: 'editor' | 'admin' | 'owner'; whole?: boolean }): JSX.Element {
  const why = <>{what} needs {ARTICLED[needs]}; you are {ARTICLED[who().role]} here. An owner can change that, under People.</>;
  if (whole) return <div class="state" data-state="forbidden"><p class="state-title"><Glyph shape="dash" /> Not for your role</p><p>{why}</p></div>;
  return <p class="note not-allowed"><Glyph shape="dash" /> {why}</p>;
}
