/** Facts said one after the other, as if they had been said at once. */

import type { ViewData } from './wire';

/** `newer` on top of `older`; the site's own dimensions are merged one by one. */
export function mergeFacts(older: ViewData, newer: ViewData): ViewData {
  const facts = { ...older, ...newer };
  if (older.custom && newer.custom) facts.custom = { ...older.custom, ...newer.custom };
  return facts;
}
