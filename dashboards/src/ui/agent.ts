/** A browser's own words about itself, in few: enough to know it by. Whoever shows them has the whole text as the title. */

/** In the order of who claims to be whom: all say Chrome or Safari, some add who they are. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg\w*\/(\d+)/, 'Edge'], [/\bOPR\/(\d+)/, 'Opera'], [/\bFirefox\/(\d+)/, 'Firefox'], [/Chrome\/(\d+)/, 'Chrome'], [/\bVersion\/(\d+).*Safari/, 'Safari'],
];
const SYSTEM = /Windows|Android|iPhone|iPad|CrOS|Mac OS X|Linux/;

/** What is none of them is told as it is. */
export function browserWords(agent: string): string {
  const known = BROWSERS.find(([pattern]) => pattern.test(agent));
  if (known === undefined) return agent;
  const [pattern, name] = known;
  const system = SYSTEM.exec(agent)?.[0];
  return `${name} ${pattern.exec(agent)?.[1] ?? ''}${system === undefined ? '' : ` on ${system}`}`;
}
