/** The tokens against the grounds they stand on: text 4.5:1 (WCAG 1.4.3), what is drawn 3:1 (1.4.11), in every theme. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8');
const THEMES = {
  dark: [':root {'], light: [':root {', ":root[data-theme='light'] {"],
  'dark, more contrast': [':root {', ":root[data-contrast='more'][data-theme='dark'] {"],
  'light, more contrast': [':root {', ":root[data-theme='light'] {", ":root[data-contrast='more'][data-theme='light'] {"],
};
const TEXTS = ['text-1', 'text-2', 'text-3', 'accent', 'ok', 'bad', 'code-text'];
const MARKS = ['series-1', 'series-2', 'series-3', 'series-4', 'ok', 'warn', 'bad', 'accent', 'control-border', 'pass-1', 'pass-2', 'pass-3', 'pass-4', 'pass-5'];

function tokensOf(blocks: string[]): Map<string, string> {
  const found = blocks.flatMap((block) => {
    const from = css.indexOf(block) + block.length;
    return [...css.slice(from, css.indexOf('}', from)).matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)];
  });
  return new Map(found.map(([, name = '', color = '']) => [name, color]));
}

/** Relative luminance by WCAG 2. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

describe.each(Object.entries(THEMES))('%s', (_theme, blocks) => {
  const tokens = tokensOf(blocks);
  const weak = (names: string[], grounds: string[], least: number): string[] =>
    names.flatMap((name) => grounds.flatMap((ground) => {
      const ratio = contrast(tokens.get(name) ?? '', tokens.get(ground) ?? '');
      return ratio >= least ? [] : [`${name} on ${ground} is ${ratio.toFixed(2)}`];
    }));
  test('text can be read', () => expect(weak(TEXTS, ['surface', 'page'], 4.5)).toEqual([]));
  test('what is drawn can be seen', () => expect(weak(MARKS, ['surface'], 3)).toEqual([]));
});
