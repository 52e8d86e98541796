/** Which row of which list led away from it: coming back, the focus goes there again; and which rows are beside it. Forgotten on reload. */
interface Opened {
  /** The list's address, path and query. */
  list: string;
  /** As the list had them, those heard of last first. */
  viewIds: string[];
  /** Missing once the focus has returned. */
  viewId: string | undefined;
}

let opened: Opened | undefined;

export function rememberOpened(list: string, viewIds: string[], viewId: string): void {
  opened = { list, viewIds, viewId };
}

/** Where the list was, for a link back. */
export const lastList = (): string => opened?.list ?? '/views';

/** The views of the list that this one is among. */
export const listAround = (viewId: string): string[] | undefined => (opened?.viewIds.includes(viewId) === true ? opened.viewIds : undefined);

/** Somebody went on to another view of the list, and comes back to its row. */
export function movedOn(viewId: string): void {
  if (opened?.viewIds.includes(viewId) === true) opened.viewId = viewId;
}

/** The row to return to, told once. */
export function takeOpened(list: string): string | undefined {
  if (opened?.list !== list) return undefined;
  const { viewId } = opened;
  opened.viewId = undefined;
  return viewId;
}
