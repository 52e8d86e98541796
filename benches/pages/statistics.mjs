/** What is said of many samples: the middle, the ends, and a line through them. */

const sorted = (values) => [...values].sort((a, b) => a - b);

export const quantile = (values, q) => {
  const all = sorted(values);
  return all[Math.min(all.length - 1, Math.ceil(q * all.length) - 1)] ?? Number.NaN;
};

/** `median (lowest – highest)`, in whole units. */
export function spread(values, unit) {
  const all = sorted(values).map((value) => Math.round(value));
  return `${quantile(all, 0.5)} ${unit} (${all[0]} – ${all.at(-1)})`;
}

/** Of the least-squares line through `[x, y]`: y's growth for each unit of x. */
export function slope(points) {
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
