/** Which stretch of time: by name, one step back or forth, or from a minute to a minute in the chosen zone. All of it is links. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { navigate } from '../router';
import { KEPT_DAYS, NAMED, NAMES, isNamed, neighbour, whyNot } from '../time/frame';
import type { Frame, Timeframe } from '../time/frame';
import { inputMs, inputText } from '../time/input';
import { zone } from '../time/zone';
import { Step } from '../ui/Step';
import { useDismissed } from '../ui/dismissed';
import { frameHref } from '../ui/scope';

interface Props {
  timeframe: Timeframe;
  frame: Frame;
}

export function TimePicker({ timeframe, frame }: Props): JSX.Element {
  // As long, right before or right after.
  const beside = (direction: 1 | -1): string | undefined => {
    const to = neighbour(frame, direction, Date.now());
    return to === undefined ? undefined : frameHref(to);
  };
  return (
    <div class="time-picker">
      <Step direction={-1} href={beside(-1)} />
      <nav class="choices" id="timeframe" aria-label="Timeframe">
        {NAMED.map((name) => (
          <a key={name} href={frameHref(name)} aria-current={name === timeframe ? 'true' : undefined}>{NAMES[name]}</a>
        ))}
      </nav>
      <Step direction={1} href={beside(1)} />
      <Custom frame={frame} chosen={!isNamed(timeframe)} />
    </div>
  );
}

function Custom({ frame, chosen }: { frame: Frame; chosen: boolean }): JSX.Element {
  const menu = useDismissed();
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const apply = (event: SubmitEvent): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const [fromMs, toMs] = [inputMs(fields.get('from')), inputMs(fields.get('to'))];
    const reason = whyNot(fromMs, toMs, Date.now());
    setProblem(reason);
    if (reason !== undefined) return;
    if (menu.current !== null) menu.current.open = false;
    navigate(frameHref({ fromS: fromMs / 1_000, toS: toMs / 1_000 }));
  };
  return (
    <details class="menu" ref={menu}>
      <summary class={chosen ? 'button chosen' : 'button'} id="custom-time">Custom</summary>
      <form class="menu-body time-form" onSubmit={apply} noValidate>
        <label>From<input name="from" type="datetime-local" step={60} defaultValue={inputText(frame.fromS)} key={`from${frame.fromS}${zone.value}`} /></label>
        <label>To<input name="to" type="datetime-local" step={60} defaultValue={inputText(frame.toS)} key={`to${frame.toS}${zone.value}`} /></label>
        <p class="note">In {zone.value === 'utc' ? 'UTC' : 'local time'}. Views are kept for {KEPT_DAYS} days.</p>
        <p class="problem" role="alert">{problem}</p>
        <button type="submit" class="button primary">Show</button>
      </form>
    </details>
  );
}
