/** The rows of an answer. Only those on the screen are there, so that ten thousand scroll as ten do. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer, Value } from '../api/sql';
import { isNumber, shown, widthOf } from '../sql/shape';

const ROW_PX = 29;
/** Beyond either edge, so that a quick scroll does not run into nothing. */
const SPARE = 20;
const VISIBLE = 16;

export function SqlRows({ answer }: { answer: Answer }): JSX.Element {
  const { columns, rows } = answer;
  const [first, setFirst] = useState(0);
  const from = Math.max(0, first - SPARE);
  const to = Math.min(rows.length, first + VISIBLE + SPARE);
  return (
    <div class="scroll sql-rows" tabIndex={0} role="region" aria-label="Rows of the answer" onScroll={(event) => setFirst(Math.floor(event.currentTarget.scrollTop / ROW_PX))}>
      <table aria-rowcount={rows.length + 1}>
        <colgroup>{columns.map((column, i) => <col key={i} style={{ width: `${widthOf(answer, i)}ch` }} title={column.name} />)}</colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ name, type }, i) => <th key={i} scope="col" class={isNumber(type) ? 'num' : ''} title={`${name} ${type}`}>{name}<span class="sql-type">{type}</span></th>)}
          </tr>
        </thead>
        <tbody>
          <Space rows={from} columns={columns.length} />
          {rows.slice(from, to).map((row, i) => (
            <tr key={from + i} aria-rowindex={from + i + 2}>
              {columns.map(({ type }, column) => <CellOf key={column} value={row[column] ?? null} type={type} />)}
            </tr>
          ))}
          <Space rows={rows.length - to} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

function CellOf({ value, type }: { value: Value; type: string }): JSX.Element {
  const text = shown(value);
  const kind = isNumber(type) ? 'num' : '';
  return text === undefined ? <td class={kind}><span class="sql-null">NULL</span></td> : <td class={kind} title={text}>{text}</td>;
}

/** As high as the rows that are not there. */
function Space({ rows, columns }: { rows: number; columns: number }): JSX.Element | null {
  return rows <= 0 ? null : <tr class="sql-space" aria-hidden="true"><td colSpan={columns} style={{ height: `${rows * ROW_PX}px` }} /></tr>;
}
