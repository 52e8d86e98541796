/** Which SDK speaks; the build puts the package's version in. */

declare const PLAYHEAD_VERSION: string;

export const VERSION: string = PLAYHEAD_VERSION;

/** As sent with every view, so that wrong figures can be traced to the version that made them. */
export const SDK = `playhead-js/${VERSION}`;
