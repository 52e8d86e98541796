/** Canvases cannot use custom properties: this reads the tokens they need, again after each change of theme. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
