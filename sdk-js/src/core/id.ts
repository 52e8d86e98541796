/** View ids: UUIDs of version 7, so that ids made together sort together in the collector's indexes. */

/** A new id. Works outside secure contexts, where `crypto.randomUUID` is missing, and where there is no `crypto`. */
export function newViewId(): string {
  // Twelve hexadecimal digits of Unix milliseconds: eleven until the year 2527.
  const time = `0${Date.now().toString(16)}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-7xxx-8xxx-xxxxxxxxxxxx`.replace(/x/g, randomDigit);
}

function randomDigit(): string {
  const byte = typeof crypto === 'object' ? crypto.getRandomValues(new Uint8Array(1))[0]! : Math.random() * 256;
  return (byte & 15).toString(16);
}
