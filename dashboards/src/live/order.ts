/**
 * In which order a live table shows its rows. Ranks change at most every few seconds, and not at all while someone
 * points at the table: a row must not slip away from under a click. Values in the rows stay live meanwhile.
 */
export interface Order {
  ids: string[];
  rankedAtMs: number;
}

export const NO_ORDER: Order = { ids: [], rankedAtMs: Number.NEGATIVE_INFINITY };

export interface OrderRule {
  nowMs: number;
  /** The pointer or the focus is inside the table. */
  held: boolean;
  /** The least time between two changes of rank. */
  everyMs: number;
}

/** `ranked` is the order the data asks for now. */
export function nextOrder(shown: Order, ranked: string[], rule: OrderRule): Order {
  if (rule.held && shown.ids.length > 0) return shown;
  if (rule.nowMs - shown.rankedAtMs >= rule.everyMs) return { ids: ranked, rankedAtMs: rule.nowMs };
  // Between two rankings rows keep their places; those that left make room, new ones queue at the end.
  const present = new Set(ranked);
  const kept = shown.ids.filter((id) => present.has(id));
  const known = new Set(kept);
  const ids = [...kept, ...ranked.filter((id) => !known.has(id))];
  return { ids, rankedAtMs: shown.rankedAtMs };
}
