/** The reducer against RFC 7396's own examples, a slow reference, and random states. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../src/live/frames';
import { mergePatch } from '../src/live/state';

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The RFC's pseudo-code, on maps, so that no key is special. */
type Tree = Map<string, Tree | Json>;
const toTree = (value: JsonObject): Tree =>
  new Map(Object.entries(value).map(([key, item]) => [key, isObject(item) ? toTree(item) : item]));
const fromTree = (tree: Tree): JsonObject =>
  Object.fromEntries([...tree].map(([key, item]) => [key, item instanceof Map ? fromTree(item) : item]));
function reference(target: Tree, patch: Tree): Tree {
  for (const [key, change] of patch) {
    if (change === null) target.delete(key);
    else if (change instanceof Map) {
      const before = target.get(key);
      target.set(key, reference(before instanceof Map ? before : new Map<string, Tree | Json>(), change));
    } else target.set(key, change);
  }
  return target;
}

/** What a server sends to get from one state to another. */
function difference(from: JsonObject, to: JsonObject): JsonObject {
  const entries: [string, Json][] = Object.keys(from).filter((key) => !Object.hasOwn(to, key)).map((key) => [key, null]);
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    entries.push([key, isObject(value) && isObject(before) ? difference(before, value) : value]);
  }
  return Object.fromEntries(entries);
}

function frozen(value: JsonObject): JsonObject {
  for (const item of Object.values(value)) if (isObject(item)) frozen(item);
  return Object.freeze(value);
}

/** All of a state but its tables, which go on to the next. */
function frozenButTables(state: JsonObject): JsonObject {
  for (const table of Object.values(state)) {
    if (isObject(table)) for (const entry of Object.values(table)) if (isObject(entry)) frozen(entry);
  }
  return Object.freeze(state);
}

const key = fc.oneof(fc.constantFrom('a', 'b', 'rows', '1', '__proto__', 'constructor', 'toString'), fc.string({ maxLength: 4 }));
const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.string({ maxLength: 6 }), fc.array(fc.integer(), { maxLength: 3 }));
const objects = (values: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> =>
  fc.array(fc.tuple(key, values), { maxLength: 5 }).map((entries) => Object.fromEntries(entries));
const state = objects(fc.oneof(leaf, objects(fc.oneof(leaf, objects(leaf)))));
const holed = fc.oneof(leaf, fc.constant(null));
const patch = objects(fc.oneof(holed, objects(fc.oneof(holed, objects(holed)))));

const text = (value: JsonObject): string => JSON.stringify(value, (_key, item: Json) =>
  isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item);

describe('mergePatch', () => {
  test.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of the RFC: %j with %j', (target, change, expected) => {
    expect(mergePatch(target, change)).toEqual(expected);
  });

  test('equals the reference on random states and patches, and leaves patches, states and entries alone', () => {
    fc.assert(fc.property(state, fc.array(patch, { maxLength: 6 }), (start, patches) => {
      const expected = patches.reduce((tree, change) => reference(tree, toTree(change)), toTree(start));
      const result = patches.reduce((value, change) => mergePatch(frozenButTables(value), frozen(change)), start);
      expect(text(result)).toBe(text(fromTree(expected)));
    }), { numRuns: 1_000 });
  });

  test('a walk of differences ends where the server is', () => {
    fc.assert(fc.property(fc.array(state, { minLength: 2, maxLength: 6 }), (states) => {
      let shown = states[0] ?? {};
      for (const next of states) {
        shown = mergePatch(shown, difference(shown, next));
        expect(text(shown)).toBe(text(next));
      }
    }), { numRuns: 1_000 });
  });

  test('a state and the entries a patch names are new objects; all others keep their identity', () => {
    const [a, b] = [{ n: 1 }, { n: 2 }];
    const before: JsonObject = { rows: { a, b }, points: {} };
    const after = mergePatch(before, { rows: { a: { n: 3 } } });
    expect(after).not.toBe(before);
    expect(after.points).toBe(before.points);
    const rows = after.rows as JsonObject;
    expect([rows.a, a, rows.b]).toEqual([{ n: 3 }, { n: 1 }, { n: 2 }]);
    expect(rows.b).toBe(b);
  });

  test('a video called __proto__ is a row like any other', () => {
    const change = JSON.parse('{"rows":{"__proto__":{"viewers":3}}}') as JsonObject;
    const rows = mergePatch({ rows: {} }, change).rows as JsonObject;
    expect(Object.entries(rows)).toEqual([['__proto__', { viewers: 3 }]]);
    expect(({} as JsonObject).viewers).toBeUndefined();
  });
});
