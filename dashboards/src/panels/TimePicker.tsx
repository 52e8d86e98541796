/** Which stretch of time: by name, one step back or forth, or from a minute to a minute in the chosen zone. All of it is links. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { navigate } from '../router';
import { KEPT_DAYS, NAMED, NAMES, isNamed, neighbour, whyNot } from '../time/frame';
import type { Frame, Timeframe } from '../time/frame';
import { inputMs, inputText } from '../time/input';
import { zone } from '../time/zone';
import { useDismissed } from '../ui/dismissed';
import { frameHref } from '../ui/scope';

interface Props {
  timeframe: Timeframe;
  frame: Frame;
}

export function TimePicker({ timeframe, frame }: Props): JSX.Element {
  return (
    <div class="time-picker">
      <Neighbour frame={frame} direction={-1} />
      <nav class="choices" id="timeframe" aria-label="Timeframe">
        {NAMED.map((name) => (
          <a key={name} href={frameHref(name)} aria-current={name === timeframe ? 'true' : undefined}>{NAMES[name]}</a>
        ))}
      </nav>
      <Neighbour frame={frame} direction={1} />
      <Custom frame={frame} chosen={!isNamed(timeframe)} />
    </div>
  );
}

/** As long, right before or right after. */
function Neighbour({ frame, direction }: { frame: Frame; direction: 1 | -1 }): JSX.Element {
  const to = neighbour(frame, direction, Date.now());
  const label = direction < 0 ? 'Earlier' : 'Later';
  const arrow = direction < 0 ? 'M8 2 3 6l5 4' : 'M4 2l5 4-5 4';
  const id = direction < 0 ? 'earlier' : 'later';
  const icon = <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d={arrow} fill="none" stroke="currentColor" stroke-width="2" /></svg>;
  return to === undefined
    ? <span class="button icon off" id={id} role="link" aria-disabled="true" aria-label={`${label}: nothing there`}>{icon}</span>
    : <a class="button icon" id={id} href={frameHref(to)} title={`${label} (${direction < 0 ? '[' : ']'})`} aria-label={label}>{icon}</a>;
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
