/** View ids: UUIDs of version 7, so that ids made together sort together in the collector's indexes. */

/** A new id. Works outside secure contexts, where `crypto.randomUUID` is missing, and where there is no `crypto`. */
export function newViewId(): string {
  // Twelve hexadecimal digits of Unix milliseconds: eleven until the year 2527.
  const time = `0${Date.now().toString(16)}`;
  let digit = 0;
  return 'tttttttt-tttt-7xxx-yxxx-xxxxxxxxxxxx'.replace(/[txy]/g, (kind) =>
    kind === 't' ? time.charAt(digit++) : (kind === 'x' ? randomByte() & 15 : (randomByte() & 3) | 8).toString(16),
  );
}

function randomByte(): number {
  return typeof crypto === 'object' ? crypto.getRandomValues(new Uint8Array(1))[0]! : Math.random() * 256;
}
