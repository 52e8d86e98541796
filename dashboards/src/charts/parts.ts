/** The parts all plots are made of: axes, grids and hatching in the colours of the theme. */
import uPlot from 'uplot';
import { token } from './colors';
import { gapsOf } from './series';
import type { Column } from './series';

const FONT = '12px system-ui, sans-serif';

/** Room for one line of labels under a plot. */
export const X_AXIS_SIZE = 30;

export function axis(settings: uPlot.Axis): uPlot.Axis {
  const line = { stroke: token('grid'), width: 1 };
  return {
    stroke: token('text-3'),
    font: FONT,
    gap: 6,
    grid: line,
    ticks: { show: false },
    ...settings,
  };
}

/** From zero to the highest value and a little air above it; never an empty scale. */
export const fromZero = (least: number): uPlot.Range.Function => (_plot, _min, max) => [0, Math.max(least, max * 1.1)];

const HATCH_STEP = 8;

/**
 * Draws diagonal lines where a column lost its values: the gap is shown as not known, not as zero or as a line
 * across. Before the first value there is nothing to have been lost, so that stays plain.
 */
export function hatchGaps(column: () => Column, atLeast: number): (plot: uPlot) => void {
  return (plot) => {
    const times = plot.data[0];
    for (const [from, to] of gapsOf(column(), atLeast)) {
      if (from === 0) continue;
      hatch(plot, times[from - 1] ?? 0, times[Math.min(times.length - 1, to)] ?? 0);
    }
  };
}

/** The same over stretches of the x axis that are not wholly known. */
export function hatchSpans(spans: () => [from: number, to: number][]): (plot: uPlot) => void {
  return (plot) => {
    for (const [from, to] of spans()) hatch(plot, from, to);
  };
}

function hatch(plot: uPlot, from: number, to: number): void {
  const { ctx, bbox } = plot;
  const left = plot.valToPos(from, 'x', true);
  const right = plot.valToPos(to, 'x', true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.setLineDash([]);
  ctx.strokeStyle = token('hatch');
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  const step = HATCH_STEP * devicePixelRatio;
  // Anchored to the plot, not to the gap, so that the pattern stands still while the window moves.
  for (let x = Math.floor((left - bbox.height) / step) * step; x < right; x += step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

/** Thin upright lines, where something was noted. */
export function uprights(places: () => number[]): (plot: uPlot) => void {
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = token('text-2');
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    for (const place of places()) {
      const x = Math.round(plot.valToPos(place, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
    }
    ctx.stroke();
    ctx.restore();
  };
}

/** The places of a column with nothing on either side: a line would not show them. */
export const lonely: uPlot.Series.Points.Filter = (plot, series) => {
  const column = plot.data[series] ?? [];
  const missing = (i: number): boolean => (column[i] ?? null) === null;
  return Array.from(column, (_, i) => i).filter((i) => !missing(i) && missing(i - 1) && missing(i + 1));
};

/** uPlot's stepped lines: a bucket's value holds from its beginning to the next one's, also before a gap. */
export const stepped = uPlot.paths.stepped?.({ align: 1, alignGaps: 1 });
