/** The switches every screen of history shares: time, comparison, zone, and how old the answers are. */
import type { JSX } from 'preact';
import { age, timeOfDay } from '../charts/format';
import { COMPARISONS, COMPARISON_NAMES } from '../time/compare';
import { reachesNow } from '../time/frame';
import { ZONES, ZONE_WORDS } from '../time/zone';
import { Glyph } from '../ui/Glyph';
import { Choices } from '../ui/Panel';
import type { Scope } from '../ui/scope';
import { now } from '../ui/ticker';
import { TimePicker } from './TimePicker';

/** From here on a screen that reaches to the present says that the present has moved on. */
const STALE_MS = 300_000;

/** `compares`: false where nothing is compared. */
export function Toolbar({ scope, compares = true }: { scope: Scope; compares?: boolean }): JSX.Element {
  return (
    <div class="toolbar">
      <TimePicker timeframe={scope.timeframe} frame={scope.now.frame} />
      {compares && <div class="toolbar-choice"><span class="note" aria-hidden="true">Compare</span><Choices label="Compare with" param="compare" options={COMPARISONS} fallback="previous" words={COMPARISON_NAMES} /></div>}
      <Choices label="Time zone" param="zone" options={ZONES} fallback="local" words={ZONE_WORDS} />
      <AsOf scope={scope} />
    </div>
  );
}

/** Nothing here moves by itself: the age says so, and the button asks again. */
function AsOf({ scope }: { scope: Scope }): JSX.Element | null {
  if (!reachesNow(scope.timeframe)) return null;
  const ageMs = now.value - scope.askedAtMs;
  const stale = ageMs > STALE_MS;
  return (
    <p class="as-of" data-tone={stale ? 'warn' : 'none'} data-state={stale ? 'stale' : 'fresh'}>
      {stale && <Glyph shape="triangle" />}
      <span class="note">As of {timeOfDay(scope.askedAtMs)}{stale ? `, ${age(ageMs)} ago` : ''}</span>
      <button type="button" class="button" id="refresh" title="r" onClick={scope.refresh}>Refresh</button>
    </p>
  );
}
