/** To the views before and after: of the list this one was opened from, or else of the same viewer. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { listViews } from '../api/views';
import { countInFull } from '../charts/format';
import { viewHref } from '../router';
import { Step } from '../ui/Step';
import { NEVER, useAnswer } from '../ui/hooks';
import { listAround, movedOn } from '../views/opened';

/** As many as one answer has; whoever has watched more has them all under Views. */
const OF_A_VIEWER = 100;

export function ViewSteps({ viewId, viewerId }: { viewId: string; viewerId: string | undefined }): JSX.Element {
  const listed = listAround(viewId);
  const asked = listed === undefined ? (viewerId ?? '') : '';
  const answer = useAnswer(asked, (signal) => (asked === '' ? NEVER : listViews({ timeframe: '90d', filters: [{ dimension: 'viewer_id', value: asked, negated: false }], page: 1, limit: OF_A_VIEWER }, signal)));
  const ids = listed ?? (answer.data.status === 'ready' ? answer.data.value.rows.map(({ id }) => id) : []);
  const of = listed === undefined ? 'of this viewer' : 'of the list';
  const place = ids.indexOf(viewId);
  const to = (at: number): string | undefined => (place < 0 || ids[at] === undefined ? undefined : viewHref(ids[at]));
  useEffect(() => movedOn(viewId), [viewId]);
  return (
    <nav class="time-picker" aria-label="Other views">
      <Step direction={-1} href={to(place + 1)} what={`view ${of}`} />
      <span class="note">{place < 0 ? `Views ${of}` : `View ${countInFull(ids.length - place)} of ${countInFull(ids.length)} ${of}`}</span>
      <Step direction={1} href={to(place - 1)} what={`view ${of}`} />
    </nav>
  );
}
