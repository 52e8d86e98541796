/** The stories once more, told to the built module: short names and compression must have changed nothing. */

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: [{ find: /^(\.\.\/)+src\/index$/, replacement: fileURLToPath(new URL('dist/playhead.mjs', import.meta.url)) }] },
  test: {
    include: ['playback', 'failure', 'facts', 'sending', 'faults', 'handle', 'options'].map((name) => `test/unit/${name}.test.ts`),
    restoreMocks: true,
    testTimeout: 60_000,
  },
});
