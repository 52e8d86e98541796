/** Builds the wall into a folder, as the pages are built. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export const buildWall = (outDir) =>
  build({
    root: fileURLToPath(new URL('.', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
