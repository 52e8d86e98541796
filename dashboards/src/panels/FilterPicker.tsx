/** Adding a condition by hand: a dimension, then one of the values it has in this time, or one that is typed. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { dimensionNames, dimensionValuesPath } from '../api/metrics';
import type { DimensionNames, DimensionValue, Selection } from '../api/metrics';
import { getJson } from '../api/client';
import { count } from '../charts/format';
import { address, navigate } from '../router';
import { useDismissed } from '../ui/dismissed';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import { NOTHING, added, dimensionWords, withFilters } from '../views/filters';

const MOST_VALUES = 30;

export function FilterPicker({ now }: { now: Selection }): JSX.Element {
  const menu = useDismissed();
  const [opened, setOpened] = useState(false);
  return (
    <details class="menu menu-start" ref={menu} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary class="button" id="add-filter" title="f">Add filter</summary>
      <div class="menu-body filter-form">{opened && <Form now={now} close={() => menu.current?.removeAttribute('open')} />}</div>
    </details>
  );
}

function Form({ now, close }: { now: Selection; close: () => void }): JSX.Element {
  const names = useAnswer('dimensions', dimensionNames);
  return <StateGate source={names} what="the dimensions">{(known) => <Known known={known} now={now} close={close} />}</StateGate>;
}

interface KnownProps {
  known: DimensionNames;
  now: Selection;
  close: () => void;
}

function Known({ known, now, close }: KnownProps): JSX.Element {
  const [dimension, choose] = useState(known.basic[0] ?? 'country');
  const values = useAnswer(dimensionValuesPath(dimension, now, MOST_VALUES), async (signal) =>
    (await getJson<{ data: DimensionValue[] }>(dimensionValuesPath(dimension, now, MOST_VALUES), signal)).data);
  const hrefOf = (value: string): string =>
    withFilters(address.value.path, address.value.params, added(now.filters, { dimension, value, negated: false }));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const value = new FormData(event.currentTarget as HTMLFormElement).get('value');
    if (typeof value !== 'string' || value === '') return;
    close();
    navigate(hrefOf(value));
  };
  return (
    <form onSubmit={submit}>
      <label>Dimension
        <select name="dimension" value={dimension} onChange={(event) => choose(event.currentTarget.value)}><DimensionOptions known={known} /></select>
      </label>
      <label>Exactly this value<span class="with-button"><input name="value" type="text" autocomplete="off" /><button type="submit" class="button">Add</button></span></label>
      <div class="values">
        <StateGate source={values} what="its values" isEmpty={(list) => list.length === 0} empty={<p>No view in this time says anything of it.</p>}>
          {(list) => (
            <ul aria-label={`Values of ${dimensionWords(dimension)}`}>
              {list.map(({ value, total_count: views }) => (
                <li key={value ?? NOTHING}><a href={hrefOf(value ?? NOTHING)} onClick={close}><span>{value === null || value === '' ? 'not known' : value}</span> <span class="note">{count(views)}</span></a></li>
              ))}
            </ul>
          )}
        </StateGate>
      </div>
    </form>
  );
}

export function DimensionOptions({ known }: { known: DimensionNames }): JSX.Element {
  return (
    <>
      {(['basic', 'advanced'] as const).map((group) => (
        <optgroup key={group} label={group === 'basic' ? 'Common' : 'More'}>
          {known[group].map((name) => <option key={name} value={name}>{dimensionWords(name)}</option>)}
        </optgroup>
      ))}
    </>
  );
}
