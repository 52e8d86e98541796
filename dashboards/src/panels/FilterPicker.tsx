/** Adding a condition by hand: of what, how it is to be met, and by which value: one of those there are in this time, or one that is typed. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { dimensionNames, dimensionValuesPath, metricDefinitions } from '../api/metrics';
import type { Definition, DimensionNames, DimensionValue, Selection } from '../api/metrics';
import { getJson } from '../api/client';
import { count } from '../charts/format';
import { UNIT_WORDS } from '../charts/unit';
import { address, navigate } from '../router';
import { useDismissed } from '../ui/dismissed';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import { NOTHING, RELATIONS, added, dimensionWords, relationWords, withFilters } from '../views/filters';
import type { Filter, Relation } from '../views/filters';

const MOST_VALUES = 30;
/** Metrics that no single view has a value for. */
const OF_MANY = new Set(['views', 'unique_viewers', 'video_startup_time_with_exits']);

type Listed = (typeof RELATIONS)[number];

interface Props {
  now: Selection;
  /** Where a condition leads; missing means to the screen with it among its filters. */
  hrefOf?: (filter: Filter) => string;
  /** The button's words and its id, where there are several. */
  label?: string;
  id?: string;
}

export function FilterPicker({ now, hrefOf, label = 'Add filter', id = 'add-filter' }: Props): JSX.Element {
  const menu = useDismissed();
  const [opened, setOpened] = useState(false);
  const toScreen = (filter: Filter): string => withFilters(address.value.path, address.value.params, added(now.filters, filter));
  return (
    <details class="menu menu-start" ref={menu} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary class="button" id={id} title={id === 'add-filter' ? 'f' : undefined}>{label}</summary>
      <div class="menu-body filter-form">{opened && <Form now={now} hrefOf={hrefOf ?? toScreen} close={() => menu.current?.removeAttribute('open')} />}</div>
    </details>
  );
}

interface FormProps {
  now: Selection;
  hrefOf: (filter: Filter) => string;
  close: () => void;
}

function Form({ now, hrefOf, close }: FormProps): JSX.Element {
  const names = useAnswer('dimensions and metrics', async (signal) => ({ known: await dimensionNames(signal), metrics: await metricDefinitions() }));
  return <StateGate source={names} what="the dimensions">{({ known, metrics }) => <Known known={known} metrics={metrics.filter(({ id }) => !OF_MANY.has(id))} now={now} hrefOf={hrefOf} close={close} />}</StateGate>;
}

interface KnownProps extends FormProps {
  known: DimensionNames;
  metrics: Definition[];
}

function Known({ known, metrics, now, hrefOf, close }: KnownProps): JSX.Element {
  const [dimension, choose] = useState(known.basic[0] ?? 'country');
  const [chosen, relate] = useState<Listed>('is');
  const [negated, negate] = useState(false);
  const metric = metrics.find(({ id }) => id === dimension);
  const offered = RELATIONS.filter((relation) => metric === undefined || relation === 'from' || relation === 'to' || relation === 'known');
  const relation = offered.includes(chosen) ? chosen : (offered[0] ?? 'is');
  const filterOf = (value: string): Filter => ({ dimension, ...(relation === 'is' ? {} : { relation }), value, negated });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const value = new FormData(event.currentTarget as HTMLFormElement).get('value') ?? '';
    if (typeof value !== 'string' || (value === '' && relation !== 'known')) return;
    close();
    navigate(hrefOf(filterOf(value)));
  };
  return (
    <form onSubmit={submit}>
      <label>Dimension or metric
        <select name="dimension" value={dimension} onChange={(event) => choose(event.currentTarget.value)}>
          <DimensionOptions known={known} />
          <optgroup label="Metrics of a view">{metrics.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</optgroup>
        </select>
      </label>
      <label>Condition
        <select name="relation" value={`${negated ? '!' : ''}${relation}`} onChange={({ currentTarget: { value } }) => { negate(value.startsWith('!')); relate(value.replace('!', '') as Listed); }}>
          {offered.flatMap((item) => (item === 'from' || item === 'to' ? [false] : [false, true]).map((not) => <option key={`${not ? '!' : ''}${item}`} value={`${not ? '!' : ''}${item}`}>{relationWords(item, not)}</option>))}
        </select>
      </label>
      {relation === 'known' ? <button type="submit" class="button">Add</button> : (
        <label>{valueWords(relation, metric)}<span class="with-button"><input name="value" type="text" autocomplete="off" inputMode={metric === undefined ? 'text' : 'decimal'} /><button type="submit" class="button">Add</button></span></label>
      )}
      {relation === 'is' && <Values dimension={dimension} now={now} hrefOf={(value) => hrefOf(filterOf(value))} close={close} />}
    </form>
  );
}

function valueWords(relation: Relation, metric: Definition | undefined): string {
  if (metric !== undefined) return `Number, ${UNIT_WORDS[metric.unit]}`;
  if (relation === 'is') return 'Exactly this value';
  return relation === 'from' || relation === 'to' ? 'Number' : 'Text, in any case of letters';
}

interface ValuesProps {
  dimension: string;
  now: Selection;
  hrefOf: (value: string) => string;
  close: () => void;
}

function Values({ dimension, now, hrefOf, close }: ValuesProps): JSX.Element {
  const path = dimensionValuesPath(dimension, now, MOST_VALUES);
  const values = useAnswer(path, async (signal) => (await getJson<{ data: DimensionValue[] }>(path, signal)).data);
  return (
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
  );
}

export function DimensionOptions({ known }: { known: DimensionNames }): JSX.Element {
  return (
    <>
      {(['basic', 'custom', 'advanced'] as const).map((group) => known[group].length > 0 && (
        <optgroup key={group} label={GROUP_WORDS[group]}>
          {known[group].map((name) => <option key={name} value={name}>{dimensionWords(name)}</option>)}
        </optgroup>
      ))}
    </>
  );
}

const GROUP_WORDS = { basic: 'Common', custom: 'Your own', advanced: 'More' };
