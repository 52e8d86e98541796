/** Which picture size is playing. Without an adapter for the player the element's own size is all there is. */

export interface PictureSize {
  width: number;
  height: number;
}

export class Rendition {
  private size: PictureSize = { width: 0, height: 0 };

  get current(): PictureSize {
    return this.size;
  }

  /** Takes note of a size: `first` one known, `changed` to another, or nothing new. */
  observe(width: number, height: number): 'first' | 'changed' | undefined {
    const before = this.size;
    if (!width || !height || (width === before.width && height === before.height)) return undefined;
    this.size = { width, height };
    return before.width ? 'changed' : 'first';
  }
}
