/** How live the page is: a shape, a word and the data's age; a banner when the connection stays away. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { age, plural, timeOfDay } from '../charts/format';
import { describeLink } from '../live/status';
import type { StatusKind } from '../live/status';
import { Glyph } from './Glyph';
import type { Shape } from './Glyph';
import { useLive } from './hooks';
import { now } from './ticker';

const LOOK: Record<StatusKind, { shape: Shape; tone: 'ok' | 'warn' | 'bad' | 'none' }> = {
  connecting: { shape: 'dash', tone: 'none' },
  connected: { shape: 'circle', tone: 'ok' },
  'catching-up': { shape: 'half', tone: 'warn' },
  paused: { shape: 'bars', tone: 'warn' },
  stale: { shape: 'triangle', tone: 'warn' },
  reconnecting: { shape: 'octagon', tone: 'bad' },
  refused: { shape: 'octagon', tone: 'bad' },
};

export function ConnectionState(): JSX.Element {
  const live = useLive();
  const status = describeLink(live.link.value, live.pause.value, now.value);
  const { shape, tone } = LOOK[status.kind];
  return (
    <p class="connection" id="connection" data-state={status.kind} data-tone={tone}>
      <Glyph shape={shape} />
      <span class="connection-label">{status.label}</span>
      <span class="connection-age">{status.dataAgeMs !== undefined && <><span class="connection-what">data age </span>{age(status.dataAgeMs)}</>}</span>
    </p>
  );
}

/** A key that pauses must not steal the space bar from what uses it. */
const USES_SPACE = 'a, button, input, textarea, select, video, audio, summary, [contenteditable], [role="slider"]';

export function PauseButton(): JSX.Element {
  const live = useLive();
  const pause = live.pause.value;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== ' ' || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(USES_SPACE) !== null) return;
      event.preventDefault();
      live.togglePause();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [live]);
  return (
    <button type="button" class="button pause" id="pause" aria-pressed={pause !== undefined} title="Space" onClick={() => live.togglePause()}>
      <Glyph shape={pause === undefined ? 'bars' : 'play'} />
      <span class="pause-text">{pause === undefined ? 'Pause' : 'Resume'}<span class="pause-what"> updates</span></span>
      {pause !== undefined && pause.updates > 0 && <span class="badge">{plural(pause.updates, 'new update')}</span>}
    </button>
  );
}

export function ConnectionBanner(): JSX.Element | null {
  const live = useLive();
  const link = live.link.value;
  const { banner, kind } = describeLink(link, undefined, now.value);
  if (kind === 'refused') {
    return (
      <section class="banner" id="banner" aria-label="Connection">
        <Glyph shape="octagon" />
        <p>The server refused the live connection{refusalReason(link.refusal)}</p>
        <button type="button" class="button" onClick={() => location.reload()}>Reload</button>
      </section>
    );
  }
  if (banner === undefined) return null;
  return (
    <section class="banner" id="banner" aria-label="Connection">
      <Glyph shape="octagon" />
      <p>
        Connection lost. {banner.asOfMs === undefined ? '' : `Values as of ${timeOfDay(banner.asOfMs)}. `}
        <span class="banner-attempt">Attempt {banner.attempt} to reconnect.</span>
      </p>
      <button type="button" class="button" onClick={() => live.retryNow()}>Retry now</button>
    </section>
  );
}

const refusalReason = (refusal: { code: number; message: string } | undefined): string => {
  if (refusal === undefined) return '.';
  const code = refusal.code === 0 ? '' : ` (${refusal.code})`;
  return refusal.message === '' ? `${code}.` : `${code}: ${refusal.message}`;
};
