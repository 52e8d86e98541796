/**
 * Who delivered, by the headers of a media response, as far as the page may read them (across origins only those in
 * `Access-Control-Expose-Headers`). Only headers that name a network are believed: a `varnish` in `via` may be anyone's.
 */

/** Reads one header; names are in lower case. */
export type HeaderOf = (name: string) => string | null | undefined;

/** `cdn;desc="NAME"` in Server-Timing. */
const TIMED = /\bcdn;desc="?([\w .-]+)/;
/** Networks that name themselves in `via` or `server`. */
const NAMED = /akamai|bunny|cdn77|cloudflare|cloudfront|fastly|gcore|keycdn/i;

export function cdnOf(header: HeaderOf): string | undefined {
  const read = (name: string) => header(name) ?? '';
  const timed = TIMED.exec(read('server-timing'));
  // What the operator says outweighs what the network does.
  const own = read('x-cdn') || timed?.[1];
  if (own) return own;
  const named = NAMED.exec(`${read('via')} ${read('server')}`);
  return named ? named[0].toLowerCase() : undefined;
}

/** Headers as XMLHttpRequest gives them in one piece: asking for a hidden one by name makes browsers complain. */
export function headersIn(text: string): HeaderOf {
  return (name) => {
    const found = new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(text);
    return found?.[1];
  };
}
