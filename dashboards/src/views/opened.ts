/** Which row of which list led away from it: coming back, the focus goes there again. Forgotten on reload. */
let opened: { list: string; viewId: string } | undefined;

/** `list` is the list's address, path and query. */
export function rememberOpened(list: string, viewId: string): void {
  opened = { list, viewId };
}

/** Where the list was, for a link back. */
export const lastList = (): string => opened?.list ?? '/views';

/** The row to return to, told once. */
export function takeOpened(list: string): string | undefined {
  if (opened?.list !== list) return undefined;
  const { viewId } = opened;
  opened = undefined;
  return viewId;
}
