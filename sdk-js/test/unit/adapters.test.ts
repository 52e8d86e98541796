/** What adapters have in common. Each with its real player is in `tests/browser/adapters.test.mjs`. */

import { describe, expect, test } from 'vitest';
import { cdnOf, headersIn } from '../../src/adapters/cdn';
import { linkTo } from '../../src/adapters/link';
import { adapter } from '../../src/adapters/listening';
import type { ErrorReport, ViewData } from '../../src/index';

function watched() {
  const facts: ViewData[] = [];
  const errors: Partial<ErrorReport>[] = [];
  const handle = {
    viewId: 'one',
    set: (data: ViewData) => void facts.push(data),
    error: (report: Partial<ErrorReport>) => void errors.push(report),
  };
  return { handle, facts, errors };
}

describe('the CDN', () => {
  test.each([
    ['what the operator says comes first', { 'x-cdn': 'north', server: 'cloudflare' }, 'north'],
    ['Server-Timing', { 'server-timing': 'cache;desc=HIT, cdn;desc="edge 7"' }, 'edge 7'],
    ['via', { via: '1.1 abc.cloudfront.net (CloudFront)' }, 'cloudfront'],
    ['server', { server: 'AkamaiGHost' }, 'akamai'],
    ['a cache of no name', { via: '1.1 varnish', server: 'nginx' }, undefined],
    ['nothing', {}, undefined],
  ])('%s', (_, headers: Record<string, string>, expected) => {
    expect(cdnOf((name) => headers[name])).toBe(expected);
  });

  test('headers in one piece', () => {
    const header = headersIn('content-type: video/mp4\r\nX-CDN: north\r\nvia: 1.1 one\r\n');
    expect([header('x-cdn'), header('via'), header('server')]).toEqual(['north', '1.1 one', undefined]);
  });
});

describe('the link', () => {
  test('tells a fact once, and everything fixed again in a new view', () => {
    const { handle, facts } = watched();
    const link = linkTo(handle, 'engine', '1.0');
    link.shows({ width: 320, height: 180 }, 280_000, 'avc1.42c00d,mp4a.40.2');
    link.shows({ width: 320, height: 180, frameRate: NaN }, 280_000, null);
    handle.viewId = 'two';
    link.live(false);
    expect(facts).toEqual([
      { player_software: 'engine', player_software_version: '1.0' },
      { rendition_bitrate: 280_000, rendition_width: 320, rendition_height: 180, rendition_codec: 'avc1.42c00d' },
      { player_software: 'engine', player_software_version: '1.0' },
      { stream_type: 'on-demand' },
    ]);
  });

  test('tells a warning once in a view, and every fatal error', () => {
    const { handle, errors } = watched();
    const link = linkTo(handle, 'engine', undefined);
    for (const fatal of [false, false, true, true]) link.fail(404, 'gone', fatal);
    handle.viewId = 'two';
    link.fail(404, 'gone', false);
    expect(errors.map(({ severity }) => severity)).toEqual(['warning', 'fatal', 'fatal', 'warning']);
  });
});

test('an adapter given something else than its engine throws nothing, and can be let go of', () => {
  const connect = adapter(({ listen }, _, engine: { on(): void; off(): void }) => listen(engine, 'on', 'off', { error: () => undefined }));
  const detach = connect(watched().handle, undefined as never);
  expect(detach).not.toThrow();
});
