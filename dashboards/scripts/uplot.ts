/**
 * uPlot hangs everything it has on one object and decides by options, so no bundler can see what is not used. These are
 * the parts no chart here asks for: its own legend, scales that are not linear, bars, splines, joins.
 */
import type { Plugin } from 'vite';

const UNUSED: [RegExp, string][] = [
  [/^uPlot\.(assign|fmtNum|rangeNum|rangeLog|rangeAsinh|orient) *= \w+;$/gm, ''],
  [/^\tuPlot\.(join|fmtDate|addGap|clipGaps) *= \w+;$/gm, ''],
  [/^\t\(paths\.(bars|spline) *= \w+\);$/gm, ''],
  [/const showLegend = legend\.show;/g, 'const showLegend = false;'],
  [/\b(\w+\.)?distr *(== *(3|4|100)|>= 3)\b/g, 'false'],
];

export function leanUPlot(): Plugin {
  return {
    name: 'lean-uplot',
    transform: {
      filter: { id: /uPlot\.esm\.js$/ },
      handler(code) {
        return UNUSED.reduce((kept, [part, instead]) => {
          // A new release that is written otherwise is noticed by its build, not by its weight.
          if (kept.search(part) < 0) this.error(`uPlot has no ${String(part)}`);
          return kept.replace(part, instead);
        }, code);
      },
    },
  };
}
