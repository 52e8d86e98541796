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

/** Whole steps for things one counts: no gridline at half a viewer. */
export const COUNT_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7];

/** From zero to the highest value and a little air above it; never an empty scale. */
export const fromZero = (least: number): uPlot.Range.Function => (_plot, _min, max) => [0, Math.max(least, max * 1.1)];

const HATCH_STEP = 8;

/**
 * Draws diagonal lines where a column lost its values: the gap is shown as not known, not as zero or as a line
 * across. Before the first value there is nothing to have been lost, so that stays plain.
 */
export function hatchGaps(column: () => Column, atLeast: number): (plot: uPlot) => void {
  return (plot) => {
    const { ctx, bbox } = plot;
    const times = plot.data[0];
    for (const [from, to] of gapsOf(column(), atLeast)) {
      if (from === 0) continue;
      const left = plot.valToPos(times[from - 1] ?? 0, 'x', true);
      const right = plot.valToPos(times[Math.min(times.length - 1, to)] ?? 0, 'x', true);
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
  };
}

/** uPlot's stepped lines: a bucket's value holds from its beginning to the next one's. */
export const stepped = uPlot.paths.stepped?.({ align: 1 });
