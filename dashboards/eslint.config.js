/** Lint rules: typescript-eslint's strict, type-aware set, and the page's own bans with their reasons. */
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const bans = [
  {
    selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
    message: 'Titles and error texts come from strangers: text nodes only.',
  },
  {
    selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]",
    message: 'Titles and error texts come from strangers: text nodes only.',
  },
  {
    selector: "CallExpression[callee.name='setInterval']",
    message: 'Nothing on these pages polls. For the age of what is shown, use ui/ticker.ts.',
  },
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      'no-restricted-syntax': ['error', ...bans],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // uPlot's enums exist for the compiler alone: at run time a side is its number.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'URLSearchParams', 'Buffer', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'document', 'window', 'performance', 'fetch', 'PerformanceObserver', 'MutationObserver', 'navigator', 'getComputedStyle', 'location', 'requestAnimationFrame', 'CSSStyleSheet', 'HTMLElement', 'scrollTo'].map((n) => [n, 'readonly']),
      ),
    },
  },
);
