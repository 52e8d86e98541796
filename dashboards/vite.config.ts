/** Two pages from one build: the app and the demo. Their shared modules become one shared, hashed chunk. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The automatic JSX runtime is read from tsconfig.json (jsxImportSource: preact).
  build: {
    target: 'es2022',
    // Everything is a file under /assets: the content security policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: 'index.html', demo: 'demo.html' },
      // What several screens of history share is one file, and so are the screens of what goes wrong: many small ones weigh more.
      output: {
        codeSplitting: {
          groups: [
            { name: 'base', priority: 2, test: /node_modules|src\/(router|live\/|styles\/index|api\/(client|session|batch)|ui\/(Allowed|Lazy|dismissed|hooks|Announcer|CopyButton|Connection|Glyph|Header|Panel|Sparkline|StateGate|ViewState|theme|ticker)\.|charts\/(Plot|format|series|parts|steps|colors|keys|touch)|time\/zone|notes\/(notes|marks|NotesStrip)|views\/filters|panels\/WrongNow)/ },
            { name: 'history', priority: 1, test: /src\/(panels\/(Breakdown|Figures|Filter|History|Insights|NothingThen|Percentile|Toolbar|TimePicker)|pages\/(Overview|Explore|Compare)Page|compare\/|charts\/history|styles\/(history|views|compare|matrix)|ui\/scope|time\/(input|frame|compare)|api\/views|views\/rows)/ },
            { name: 'wrong', test: /src\/(pages\/(Errors|Error|Alerts|Incident)Page|errors\/|alerts\/)/ },
          ],
        },
      },
    },
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
