/**
 * The one reducer of live state: a JSON merge patch (RFC 7396), applied without touching what it is given.
 * Parts a patch does not name keep their identity, so a component can tell by `===` that nothing changed.
 */
import type { Json, JsonObject } from './frames';

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const EMPTY: JsonObject = {};

export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target };
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) {
      // Keys are video ids and the like; the object is a fresh copy, so taking a key out is safe and cheap.
      Reflect.deleteProperty(result, key);
      continue;
    }
    const before = Object.hasOwn(target, key) ? target[key] : undefined;
    const value = isObject(change) ? mergePatch(isObject(before) ? before : EMPTY, change) : change;
    // Not `result[key] = value`: a video called `__proto__` must become a row, not the row's prototype.
    Object.defineProperty(result, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return result;
}
