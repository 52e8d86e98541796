/** Two pages from one build: the app and the demo. Their shared modules become one shared, hashed chunk. */
import { defineConfig } from 'vitest/config';
import { leanUPlot } from './scripts/uplot.ts';

export default defineConfig({
  plugins: [leanUPlot()],
  // The automatic JSX runtime is read from tsconfig.json (jsxImportSource: preact).
  build: {
    target: 'es2022',
    // Everything is a file under /assets: the content security policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One stylesheet: apart, the files weigh a third more, and rules would depend on which page came first.
    cssCodeSplit: false,
    rolldownOptions: {
      input: { index: 'index.html', demo: 'demo.html' },
      // The screens of history are one file, and so is what the demo shares with them: many small ones weigh more.
      output: {
        codeSplitting: {
          groups: [
            { name: 'base', priority: 2, test: /node_modules|src\/(router|live\/|api\/(client|session|batch)|ui\/(Allowed|Lazy|dismissed|hooks|Announcer|CopyButton|Connection|Glyph|Header|Panel|PanelMenu|Sparkline|StateGate|Step|ViewState|theme|ticker)\.|charts\/(Plot|format|series|parts|steps|colors|keys|touch)|time\/zone|notes\/(notes|marks|NotesStrip)|views\/filters|panels\/WrongNow)/ },
            { name: 'asked', priority: 2, test: /src\/(ui\/(MenuBody|Shortcuts)|notes\/NoteDialog)/ },
            { name: 'live', priority: 2, test: /src\/panels\/(Live|MostWatched|Newest|ViewersChart|FirstBeacon)/ },
            { name: 'engagement', priority: 2, test: /src\/(panels\/(EngagementChart|MomentsStrip|Passes)|charts\/(engagement|passes))/ },
            { name: 'history', priority: 1, test: /src\/(panels\/(Breakdown|Figures|Filter|History|Insights|NothingThen|Percentile|Standouts|Toolbar|TimePicker|Video)|pages\/(Overview|Explore|Compare|Quality|Usage|Video|Errors|Error|Alerts|Incident|history|wrong)(Page)?\.|compare\/|errors\/|alerts\/|charts\/(history|standouts|causes)|ui\/(scope|export)|time\/(input|frame|compare)|api\/(views|metrics|usage)|views\/rows)/ },
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
