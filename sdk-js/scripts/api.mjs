/**
 * Writes down the public API, as the type declarations in `dist/types` state it: every name each entry point
 * exports. With `--check` it compares with the committed `api-report.md` instead, so that no change goes unnoticed.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));
const { name, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const report = `${root}api-report.md`;

const entries = Object.entries(exports)
  .filter(([, { types }]) => types)
  .map(([path, { types }]) => ({ name: name + path.slice(1), file: root + types.slice(2) }));
const program = ts.createProgram(
  entries.map(({ file }) => file),
  { target: ts.ScriptTarget.ES2017, moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, strict: true },
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

/** A declaration without its comments. */
function print(declaration) {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return printer.printNode(ts.EmitHint.Unspecified, statement, declaration.getSourceFile());
}

function describe({ name: entry, file }) {
  const source = program.getSourceFile(file);
  if (!source) throw new Error(`${file} is missing: run the build first`);
  const lines = checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const renamed = symbol.name === exported.name ? '' : `// as ${exported.name}\n`;
      return renamed + symbol.declarations.map(print).join('\n');
    });
  return `## ${entry}\n\n\`\`\`ts\n${lines.join('\n\n')}\n\`\`\`\n`;
}

const text = `# Public API\n\nWritten by \`npm run api\`; a change here is a change for whoever uses the SDK.\n\n${entries.map(describe).join('\n')}`;
if (process.argv.includes('--check')) {
  if (readFileSync(report, 'utf8') !== text) {
    console.error('The public API is not what api-report.md says. If that is meant: npm run api, and commit the report.');
    process.exitCode = 1;
  }
} else {
  writeFileSync(report, text);
}
