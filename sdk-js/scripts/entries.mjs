/** What is built from what. A size limit for each file in `dist` stands in `size-budget.json`. */

export const ENTRIES = [
  // For a `<script>` tag; puts `playhead` on the page.
  { file: 'playhead.js', from: 'src/script.ts', format: 'iife' },
  { file: 'playhead.mjs', from: 'src/index.ts', format: 'esm' },
  // For televisions: the same as playhead.js, in the language and with the built-ins of 2014.
  { file: 'playhead.es5.js', from: 'src/script.ts', format: 'iife', es5: true },
  // For React Native with react-native-video: the core without a page.
  { file: 'react-native.js', from: 'src/react-native.ts', format: 'esm' },
  // What one kind of player knows beside its element; for a `<script>` tag after the SDK's, as `playhead.NAME`, and a module.
  ...['hlsjs', 'dashjs', 'shaka', 'videojs'].flatMap((name) => [
    { file: `adapters/${name}.js`, from: `src/adapters/${name}.ts`, format: 'iife', global: name },
    { file: `adapters/${name}.mjs`, from: `src/adapters/${name}.ts`, format: 'esm' },
  ]),
];
