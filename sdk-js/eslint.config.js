/** House rules of the SDK. */

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const inAPage = 'a page is not ours: it must neither wait for the SDK nor find traces of it';

export default tseslint.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/unit/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Iterating with `includes` and `for of` over Maps is fine; these would ask for newer built-ins.
      '@typescript-eslint/prefer-includes': 'off',
      '@typescript-eslint/prefer-string-starts-ends-with': 'off',
      complexity: ['error', 13],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    files: ['test/unit/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/unbound-method': 'off', 'max-lines': ['error', 400] },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      // `?.` and `??` become long-winded in the ES2017 that is shipped; where `||` and `&&` say the same, they are used.
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      '@typescript-eslint/prefer-optional-chain': 'off',
      'no-console': ['error'],
      'no-restricted-globals': [
        'error',
        { name: 'localStorage', message: `nothing is stored: ${inAPage}` },
        { name: 'sessionStorage', message: `nothing is stored: ${inAPage}` },
        { name: 'alert', message: inAPage },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'document', property: 'cookie', message: `no cookies: ${inAPage}` },
      ],
      'no-eval': 'error',
      'no-new-func': 'error',
    },
  },
  {
    files: ['**/*.mjs', '*.js', '*.config.ts'],
    languageOptions: {
      // Node's, and the browser's for functions that tests run in the page.
      globals: Object.fromEntries(
        ['console', 'process', 'URL', 'Buffer', 'fetch', 'setTimeout', 'setInterval', 'performance', 'window', 'navigator', 'addEventListener', 'document', 'EventTarget', 'Event', 'Headers'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
);
