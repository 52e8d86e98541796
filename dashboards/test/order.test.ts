/** Ranks change slowly, and never under the pointer. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_ORDER, nextOrder } from '../src/live/order';

const rule = (nowMs: number, held = false) => ({ nowMs, held, everyMs: 5_000 });

test('the first order is taken at once, the next change of rank after five seconds', () => {
  const first = nextOrder(NO_ORDER, ['a', 'b'], rule(1_000));
  expect(first.ids).toEqual(['a', 'b']);
  expect(nextOrder(first, ['b', 'a'], rule(5_999)).ids).toEqual(['a', 'b']);
  expect(nextOrder(first, ['b', 'a'], rule(6_000)).ids).toEqual(['b', 'a']);
});

test('between rankings new rows queue at the end and gone ones make room', () => {
  const first = nextOrder(NO_ORDER, ['a', 'b', 'c'], rule(0));
  expect(nextOrder(first, ['d', 'c', 'a'], rule(100)).ids).toEqual(['a', 'c', 'd']);
});

test('under the pointer nothing changes, however long', () => {
  const first = nextOrder(NO_ORDER, ['a', 'b'], rule(0));
  expect(nextOrder(first, ['z', 'b'], rule(3_600_000, true))).toBe(first);
  expect(nextOrder(first, ['z', 'b'], rule(3_600_000)).ids).toEqual(['z', 'b']);
});

test('not held, exactly the present rows are shown, each once', () => {
  const ids = fc.uniqueArray(fc.string({ maxLength: 2 }), { maxLength: 8 });
  fc.assert(fc.property(ids, ids, fc.nat(10_000), (before, after, nowMs) => {
    const first = nextOrder(NO_ORDER, before, rule(0));
    expect([...nextOrder(first, after, rule(nowMs)).ids].sort()).toEqual([...after].sort());
  }));
});
