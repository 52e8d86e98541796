/** The rows of a breakdown: each value a filter, each figure with how many views are behind it. */
import type { JSX } from 'preact';
import { DASH, count, countInFull, percentChange } from '../charts/format';
import { valueInFull, valueText } from '../charts/unit';
import { address, videoHref } from '../router';
import { changeOf } from '../time/compare';
import type { Unit } from '../time/compare';
import { Glyph } from '../ui/Glyph';
import { ChangeText } from '../ui/ChangeText';
import { NOTHING, added, dimensionWords, withFilters } from '../views/filters';
import type { Filter } from '../views/filters';
import type { Breakdown } from './BreakdownPanel';
import { FEW_VIEWS } from './Figures';
import type { Measured } from './HistoryPanel';

interface Props {
  breakdown: Breakdown;
  of: Measured;
  dimension: string;
  filters: Filter[];
  title: string;
  compact: boolean;
}

export function BreakdownTable({ breakdown: { groups, before, titles }, of, dimension, filters, title, compact }: Props): JSX.Element {
  const most = Math.max(...groups.map(({ value }) => value ?? 0), Number.MIN_VALUE);
  const compared = before !== undefined;
  // Where views are what is measured, they are not told twice.
  const counts = of.metric !== 'views';
  const ranked = !compact && of.direction !== 'neither';
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, rows`}>
      <table class={compact ? 'breakdown compact' : 'breakdown'}>
        <colgroup><col /><col class="w-value" />{compared && <col class="w-change" />}{counts && <col class="w-number" />}{ranked && <col class="w-impact" />}</colgroup>
        <thead>
          <tr>
            <th scope="col">{dimensionWords(dimension)}</th><th scope="col" class="num">{of.label}</th>
            {compared && <th scope="col" class="num">Change</th>}
            {counts && <th scope="col" class="num">Views</th>}
            {ranked && <th scope="col" class="num" title="How much the whole would be better if these views were like all others">Impact</th>}
          </tr>
        </thead>
        <tbody onKeyDown={moveByArrow}>
          {groups.map((group) => {
            const { field, value, views } = group;
            const earlier = before?.get(field ?? '');
            const few = views < FEW_VIEWS;
            return (
              <tr key={field ?? ''} data-value={field ?? ''} class={few ? 'few' : undefined}>
                <th scope="row" class="title-cell">
                  <Value dimension={dimension} field={field} title={titles.get(field ?? '')} filters={filters} />
                  <span class="bar"><span class="bar-fill" style={{ inlineSize: `${Math.max(0, ((value ?? 0) / most) * 100)}%` }} /></span>
                </th>
                <td class="num strong" title={valueInFull(value, of.unit)}>{valueText(value, of.unit)}</td>
                {compared && <td class="num"><ChangeText change={changeOf(value, earlier?.value, of.unit, of.direction)} than={`Before: ${valueText(earlier?.value, of.unit)}`} /></td>}
                {counts && <td class="num" title={few ? `${countInFull(views)}, few views` : countInFull(views)}>{count(views)}{few && <span class="note"> few</span>}</td>}
                {ranked && <td class="num">{impactText(group.negative_impact, of.unit)}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** In the metric's own unit: what these views add to the whole, for the worse when positive. */
export function impactText(impact: number, unit: Unit): string {
  if (impact === 0) return DASH;
  const text = unit === 'ratio' ? percentChange(Math.abs(impact)).replace('+', '') : valueText(Math.abs(impact), unit);
  // Too little to be told has no direction either.
  return /[1-9]/.test(text) ? `${impact > 0 ? '+' : '−'}${text}` : text;
}

interface ValueProps {
  dimension: string;
  field: string | null;
  title: string | undefined;
  filters: Filter[];
}

/** A video leads to its own page, and its mark narrows the screen to it; anything else narrows the screen at once. */
function Value({ dimension, field, title, filters }: ValueProps): JSX.Element {
  const { path, params } = address.value;
  const text = title ?? (field === null || field === '' ? 'not known' : field);
  const href = withFilters(path, params, added(filters, { dimension, value: field ?? NOTHING, negated: false }));
  const only = `${text}: only views with this ${dimensionWords(dimension).toLowerCase()}`;
  if (dimension !== 'video_id' || field === null) return <a class="value" href={href} title={text} aria-label={only}>{text}</a>;
  return (
    <span class="with-link">
      <a class="value" href={videoHref(field)} title={`${text} (${field})`} aria-label={`${text}: engagement`}>{text}</a>
      <a class="only-mark" href={href} title="Only this video" aria-label={only}><Glyph shape="funnel" /></a>
    </span>
  );
}

/** Up and down along the values; all other keys are the page's. */
function moveByArrow(event: KeyboardEvent): void {
  const row = event.target instanceof Element ? event.target.closest('tr') : null;
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : event.key === 'ArrowUp' ? row?.previousElementSibling : undefined;
  const link = next?.querySelector<HTMLAnchorElement>('a');
  if (link === null || link === undefined) return;
  event.preventDefault();
  link.focus();
}
