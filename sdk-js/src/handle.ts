/** What the page holds of a monitored player, whatever player that is. */

import { guarded } from './core/guard';
import { look } from './core/look';
import { permitted } from './core/privacy';
import { learn, say } from './core/say';
import type { View } from './core/view';
import type { CustomValue, ErrorReport, ViewData } from './core/wire';
import { report } from './observe/error';
import { isSwitch } from './observe/rendition';

/** None of its methods ever throws. */
export interface Handle {
  /** Id of the present view. */
  readonly viewId: string;
  /** Adds or changes facts; they hold from now on. */
  set(data: ViewData): void;
  /** Puts an event of the site's own into the view. */
  custom(name: string, data?: Record<string, CustomValue>): void;
  /** Reports an error the element does not know of: of the player, of the licence, of a rule. */
  error(report: Partial<ErrorReport>): void;
  /** Ends this view and begins another: call it when the element is given another video. */
  changeVideo(data?: ViewData): void;
  /** Ends the view and lets go of the element. */
  destroy(): void;
}

/** One player and its views, one after the other, for as long as it is monitored. */
export interface Session {
  _view: View;
  /** The viewer's browser asks not to be followed. */
  readonly _impersonal?: boolean;
  /** Opens a view. */
  readonly _begin: (data?: ViewData) => void;
  /** Closes the present one. */
  readonly _finish: () => void;
  /** Lets go of everything but the player. */
  readonly _forget: () => void;
  _over?: boolean;
}

/** Closes a session, once. */
export function close(session: Session): void {
  if (!session._over) session._finish();
  session._over = true;
}

/** Without a session (measuring could not even begin) its calls go nowhere: the guards catch what comes of it. */
export function handleOf(session?: Session): Handle {
  const present = session!;
  const { _impersonal: impersonal } = session || {};
  /** `work` on the present view; nothing after the last one. */
  const whileOpen = <A extends unknown[]>(work: (view: View, ...args: A) => void): ((...args: A) => void) =>
    guarded((...args) => {
      if (!present._over) work(present._view, ...args);
    });
  return {
    get viewId() {
      return session ? session._view._id : '';
    },
    set: whileOpen((view, data: ViewData) => {
      const facts = permitted(data, impersonal);
      const switched = isSwitch(view, facts);
      look(view);
      learn(view, facts);
      if (switched) say(view, 'renditionchange');
    }),
    custom: whileOpen((view, name: string, data?: Record<string, CustomValue>) => {
      look(view);
      const more = Object.assign({ name }, data && !impersonal && { data: permitted(data) });
      say(view, 'custom', undefined, undefined, more);
    }),
    error: whileOpen(report),
    changeVideo: whileOpen((_, data?: ViewData) => {
      present._finish();
      present._begin(data);
      say(present._view, 'viewinit');
    }),
    destroy: guarded(() => {
      close(present);
      present._forget();
    }),
  };
}
