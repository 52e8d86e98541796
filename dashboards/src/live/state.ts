/**
 * The one reducer of live state: a JSON merge patch (RFC 7396). The state and the entries a patch names (a row, a second) are
 * new objects, so a component can tell by `===` what changed. The tables between them are changed in place: copying the 3,600
 * seconds of an hour takes two milliseconds, which twenty charts do not have.
 */
import type { Json, JsonObject } from './frames';

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `target`'s tables are the result's from then on. */
export const mergePatch = (target: JsonObject, patch: JsonObject): JsonObject => patched({ ...target }, patch, (table) => table);

/** Writes `patch` into `result`; `own` says what of an object that is there may be written into. */
function patched(result: JsonObject, patch: JsonObject, own: (before: JsonObject) => JsonObject): JsonObject {
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) {
      // Keys are video ids and the like, and the object is ours.
      Reflect.deleteProperty(result, key);
      continue;
    }
    const before = Object.hasOwn(result, key) ? result[key] : undefined;
    const value = isObject(change) ? patched(isObject(before) ? own(before) : {}, change, copyOf) : change;
    // Not `result[key] = value`: a video called `__proto__` must become a row, not the row's prototype.
    Object.defineProperty(result, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return result;
}

const copyOf = (entry: JsonObject): JsonObject => ({ ...entry });
