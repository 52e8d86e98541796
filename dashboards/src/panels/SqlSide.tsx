/** Beside the editor: what can be named, and the queries people keep for one another. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { deleteQuery, keepQuery } from '../api/sql';
import type { Saved, Schema } from '../api/sql';
import { explain } from '../api/client';
import { Panel } from '../ui/Panel';
import { StateGate } from '../ui/StateGate';
import type { Source } from '../ui/hooks';

export function SqlSchema({ source, onName }: { source: Source<Schema>; onName: (name: string) => void }): JSX.Element {
  return (
    <Panel id="sql-schema" title="Tables" class="sql-schema">
      <StateGate source={source} what="the tables">
        {({ tables }) => (
          <>
            {tables.map(({ name, columns }, i) => (
              <details key={name} open={i === 0}>
                <summary>{name}</summary>
                <ul>
                  {columns.map((column) => (
                    <li key={column.name}>
                      <button type="button" title={`${column.comment} (${column.type})`} onClick={() => onName(column.name)}><span>{column.name}</span><span>{shortType(column.type)}</span></button>
                    </li>
                  ))}
                </ul>
              </details>
            ))}
          </>
        )}
      </StateGate>
    </Panel>
  );
}

/** What kind of value it is; all of the type is in the title. */
const shortType = (type: string): string => type.replace(/^(?:Nullable|LowCardinality)\((.*)\)$/, '$1').replace(/\(.*/, '');

interface SavedProps {
  source: Source<Saved[]>;
  text: string;
  /** The one that was opened, while it is being worked on. */
  opened: Saved | undefined;
  onOpen: (saved: Saved | undefined) => void;
}

export function SqlSaved({ source, text, opened, onOpen }: SavedProps): JSX.Element {
  const [name, setName] = useState('');
  const [problem, setProblem] = useState('');
  const [leaving, setLeaving] = useState<string | undefined>(undefined);
  const act = (done: Promise<Saved | undefined>): void => {
    setProblem('');
    void done.then((saved) => {
      setName('');
      setLeaving(undefined);
      onOpen(saved);
      source.retry();
    }, (error: unknown) => setProblem(explain(error)));
  };
  const isEmpty = text.trim() === '';
  return (
    <Panel id="sql-saved" title="Saved" class="sql-saved">
      <StateGate source={source} what="the saved queries" isEmpty={() => false}>
        {(all) => all.length === 0 ? <p class="note" data-state="empty">None yet. Whatever is saved here, everybody in this environment sees.</p> : (
          <ul>
            {all.map((saved) => (
              <li key={saved.id}>
                <button type="button" aria-current={saved.id === opened?.id ? 'true' : undefined} title={`By ${saved.created_by}`} onClick={() => onOpen(saved)}>{saved.name}</button>
                {leaving === saved.id
                  ? <><button type="button" class="button" onClick={() => act(deleteQuery(saved.id).then(() => undefined))}>Delete<span class="visually-hidden"> {saved.name}</span></button><button type="button" class="button" onClick={() => setLeaving(undefined)}>Keep</button></>
                  : <button type="button" class="button" aria-label={`Delete ${saved.name}`} onClick={() => setLeaving(saved.id)}>×</button>}
              </li>
            ))}
          </ul>
        )}
      </StateGate>
      {opened !== undefined && opened.query !== text && (
        <p class="sql-line"><button type="button" class="button" disabled={isEmpty} onClick={() => act(keepQuery(opened.name, text, opened.id))}>Update “{opened.name}”</button></p>
      )}
      <form onSubmit={(event) => { event.preventDefault(); act(keepQuery(name, text)); }}>
        <label for="sql-name">Save this statement as</label>
        <input id="sql-name" value={name} maxLength={120} onInput={(event) => setName(event.currentTarget.value)} />
        <button type="submit" class="button" disabled={isEmpty || name.trim() === ''}>Save</button>
        <p class="problem" role="status">{problem}</p>
      </form>
    </Panel>
  );
}
