/** Unit and property tests. Those in a real browser run under node --test. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { PLAYHEAD_VERSION: JSON.stringify('test') },
  test: { include: ['test/unit/**/*.test.ts'], restoreMocks: true },
});
