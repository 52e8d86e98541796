/** Unit and property tests. Those in a real browser run under node --test. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { PLAYHEAD_VERSION: JSON.stringify('test') },
  // Properties run hundreds of stories; a busy machine may take its time.
  test: { include: ['test/unit/**/*.test.ts'], restoreMocks: true, testTimeout: 60_000 },
});
