/** The snippets are those of docs/players.md, line by line, and the check of an installation says what is missing. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checksOf, heardOf, newestSince } from '../src/start/checks';
import { SNIPPETS } from '../src/start/snippets';

const docs = readFileSync(new URL('../../docs/players.md', import.meta.url), 'utf8');
const squeezed = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe('snippets', () => {
  test.each(SNIPPETS.map((snippet) => [snippet.id, snippet] as const))('%s is what the page about players says', (id, { code }) => {
    // The page about native beacons speaks of a server on this machine.
    const origin = id === 'native' ? 'http://127.0.0.1:8080' : 'https://playhead.example';
    expect(squeezed(docs)).toContain(squeezed(code({ origin, key: 'INGEST_KEY' })));
  });

  test('have the key and the address of where they are shown', () => {
    for (const { code } of SNIPPETS) {
      const text = code({ origin: 'https://video.example:8443', key: 'k7prod' });
      expect(text).toContain('k7prod');
      expect(text).toContain('video.example:8443');
      expect(text).not.toMatch(/INGEST_KEY|playhead\.example/);
    }
  });
});

describe('verifying an installation', () => {
  const view = { start_ms: 1_000, last_ms: 2_000, state: 'playing', video_id: '42', startup_ms: 300 } as const;

  test('passes with an id and a first frame; the rest is optional', () => {
    expect(checksOf(view).filter(({ passed, optional }) => !passed && optional !== true)).toEqual([]);
    const bare = checksOf({ start_ms: 1_000, state: 'starting' });
    expect(bare.filter(({ passed, optional }) => !passed && optional !== true).map(({ what }) => what)).toEqual(['Playback began', 'The video has an id']);
  });

  test('goes by views heard of since the page was opened, and prefers a player to the test button', () => {
    const before = heardOf({ old: view });
    expect(newestSince({ old: view }, before, 'test')).toBeUndefined();
    expect(newestSince({ old: { ...view, last_ms: 2_001 } }, before, 'test')?.[0]).toBe('old');
    const rows = { mine: { ...view, start_ms: 4_000 }, test: { ...view, start_ms: 5_000, video_id: 'test' } };
    expect(newestSince(rows, before, 'test')?.[0]).toBe('mine');
  });
});
