/** Puts errors into words that are safe to send. */

import type { ErrorReport } from '../core/wire';

const LONGEST_MESSAGE = 500;
/** MediaError.MEDIA_ERR_ABORTED: the page or the viewer took the video away. */
const ABORTED = 1;
/** MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED, which is also what running out of `<source>` elements means. */
const UNSUPPORTED = 4;

/** The element's error, or that it has run out of sources when it names none. */
export function describe(error: { code: number; message?: string } | null): ErrorReport {
  const code = error?.code ?? UNSUPPORTED;
  return {
    code: String(code),
    message: withoutSecrets(error?.message ?? 'no source can be played'),
    severity: code === ABORTED ? 'warning' : 'fatal',
  };
}

/** Query strings and fragments hold tokens and names; the address before them is enough to find the fault. */
export function withoutSecrets(message: string): string {
  return message.replace(/(\w+:\/\/[^\s?#]+)[?#]\S*/g, '$1').slice(0, LONGEST_MESSAGE);
}
