/** The wall between the SDK and the page: whatever goes wrong in here stays in here. */

/** `work`, made unable to throw. A measuring tool must never be the reason a video does not play. */
export function guarded<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R | undefined {
  return (...args) => {
    try {
      return work(...args);
    } catch {
      return undefined;
    }
  };
}
