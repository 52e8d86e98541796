/** Which SDK speaks; the build puts the package's version in. */

declare const PLAYHEAD_VERSION: string;

export const VERSION: string = PLAYHEAD_VERSION;
