/** `Object.assign` for browsers without it; the ES5 build uses it in place of the global, which it leaves alone. */

function assign(target: Record<string, unknown>, ...sources: (Record<string, unknown> | undefined)[]): object {
  for (const source of sources) for (const name of Object.keys(source || {})) target[name] = source![name];
  return target;
}

export { assign as 'Object.assign' };
