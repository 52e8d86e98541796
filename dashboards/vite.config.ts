/** Two pages from one build: the app and the demo. Their shared modules become one shared, hashed chunk. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The automatic JSX runtime is read from tsconfig.json (jsxImportSource: preact).
  build: {
    target: 'es2022',
    // Everything is a file under /assets: the content security policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: 'index.html', demo: 'demo.html' } },
  },
  server: {
    // `npm run dev` beside a running Playhead.
    proxy: Object.fromEntries(
      ['/session', '/data', '/sdk', '/in', '/demo/', '/live'].map((path) => [
        path,
        { target: process.env.PLAYHEAD_URL ?? 'http://127.0.0.1:8080', ws: path === '/live' },
      ]),
    ),
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
