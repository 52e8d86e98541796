/** Puts errors into words that are safe to send, the site's own where it has some. */

import { guarded } from '../core/guard';
import { failed } from '../core/playback';
import type { View } from '../core/view';
import type { ErrorReport } from '../core/wire';

const LONGEST_MESSAGE = 500;
/** MediaError.MEDIA_ERR_ABORTED: the page or the viewer took the video away. */
const ABORTED = 1;
/** MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED, which is also what running out of `<source>` elements means. */
const UNSUPPORTED = 4;

/** As elements and pages tell it: incomplete, and codes may be numbers. */
interface Told {
  code?: string | number;
  message?: string | undefined;
  severity?: ErrorReport['severity'];
}

/** The element's error, or that it has run out of sources when it names none. */
export function describe(error: { code: number; message?: string } | null): Told {
  const { code, message } = error || { code: UNSUPPORTED, message: 'no source' };
  return { code, message, severity: code === ABORTED ? 'warning' : 'fatal' };
}

/** Tells an error, unless the site's translator says that it is none. A translator that breaks changes nothing. */
export function report(view: View, { code = 'unknown', message = '', severity = 'fatal' }: Told): void {
  const error: ErrorReport = { code: String(code), message: withoutSecrets(String(message)), severity };
  const translated = guarded(view._translate)(error);
  if (translated !== null) failed(view, Object.assign(error, translated));
}

/** Query strings and fragments hold tokens and names; the address before them is enough to find the fault. */
export function withoutSecrets(message: string): string {
  return message.replace(/(\w+:\/\/[^\s?#]+)[?#]\S*/g, '$1').slice(0, LONGEST_MESSAGE);
}
