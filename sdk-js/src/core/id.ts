/** View ids: UUIDs of version 7, so that ids made together sort together in the collector's indexes. */

/** A new id. Works outside secure contexts, where `crypto.randomUUID` is missing. */
export function newViewId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let left = Date.now();
  for (let index = 5; index >= 0; index--) {
    bytes[index] = left % 256;
    left = Math.floor(left / 256);
  }
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
