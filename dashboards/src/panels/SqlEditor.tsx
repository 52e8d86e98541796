/** Where a statement is written: a plain text field with its colours behind it, and what the word at the caret may become. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Schema } from '../api/sql';
import { plural } from '../charts/format';
import { lineAndColumn, pieces, suggestions, taken, wordBefore } from '../sql/words';
import type { Suggestion } from '../sql/words';

interface Props {
  text: string;
  schema: Schema | undefined;
  /** What is wrong, from and to. */
  wrong: [begin: number, end: number] | undefined;
  onText: (text: string) => void;
  onRun: () => void;
}

interface Offer {
  list: Suggestion[];
  chosen: number;
  /** Where the word begins, in the field. */
  left: number;
  top: number;
}

const LINE_PX = 20;
const PAD: [x: number, y: number] = [12, 10];
const FIELD = 'sql-text';

export function SqlEditor({ text, schema, wrong, onText, onRun }: Props): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const colours = useRef<HTMLPreElement>(null);
  const [offer, setOffer] = useState<Offer | undefined>(undefined);
  const caret = useRef<number | undefined>(undefined);
  const painted = useMemo(() => paint(text, wrong), [text, wrong?.[0], wrong?.[1]]);
  useLayoutEffect(() => {
    if (caret.current !== undefined) field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = undefined;
    follow();
  }, [text]);
  // Where it is wrong the eye and the caret go, once.
  useEffect(() => {
    if (wrong === undefined || field.current === null) return;
    field.current.setSelectionRange(...wrong);
    field.current.scrollTop = Math.max(0, (lineAndColumn(text, wrong[0])[0] - 4) * LINE_PX);
    follow();
  }, [wrong?.[0], wrong?.[1]]);

  const follow = (): void => {
    if (field.current === null || colours.current === null) return;
    colours.current.scrollTop = field.current.scrollTop;
    colours.current.scrollLeft = field.current.scrollLeft;
  };
  const suggest = (asked: boolean): void => {
    const { value, selectionStart, scrollLeft, scrollTop, clientWidth } = field.current ?? { value: '', selectionStart: 0, scrollLeft: 0, scrollTop: 0, clientWidth: 0 };
    const list = suggestions(value, selectionStart, schema, asked);
    if (list.length === 0) {
      setOffer(undefined);
      return;
    }
    const [line, column] = lineAndColumn(value, selectionStart - wordBefore(value, selectionStart).length);
    const left = PAD[0] + (column - 1) * letterWidth(field.current) - scrollLeft;
    setOffer({ list, chosen: 0, left: Math.max(4, Math.min(left, clientWidth - 240)), top: PAD[1] + line * LINE_PX - scrollTop + 2 });
  };
  const take = (suggestion: Suggestion | undefined): void => {
    if (suggestion === undefined || field.current === null) return;
    const next = taken(field.current.value, field.current.selectionStart, suggestion);
    caret.current = next.caret;
    setOffer(undefined);
    onText(next.statement);
    field.current.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      setOffer(undefined);
      onRun();
      return;
    }
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      suggest(true);
      return;
    }
    if (offer === undefined || event.shiftKey || event.altKey) return;
    const last = offer.list.length - 1;
    const moves: Record<string, () => void> = {
      ArrowDown: () => setOffer({ ...offer, chosen: offer.chosen === last ? 0 : offer.chosen + 1 }),
      ArrowUp: () => setOffer({ ...offer, chosen: offer.chosen === 0 ? last : offer.chosen - 1 }),
      Enter: () => take(offer.list[offer.chosen]),
      Tab: () => take(offer.list[offer.chosen]),
      Escape: () => setOffer(undefined),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  };
  return (
    <div class="sql-editor">
      <pre ref={colours} aria-hidden="true">{painted}{'\n'}</pre>
      <textarea
        id={FIELD} ref={field} value={text} spellcheck={false} autocapitalize="off" autocomplete="off" wrap="off"
        aria-label="SQL" aria-describedby="sql-keys" placeholder="SELECT …"
        aria-autocomplete="list" aria-controls={offer === undefined ? undefined : 'sql-suggestions'}
        aria-activedescendant={offer === undefined ? undefined : `sql-suggestion-${offer.chosen}`}
        onInput={(event) => {
          onText(event.currentTarget.value);
          suggest(false);
        }}
        onScroll={() => {
          follow();
          setOffer(undefined);
        }}
        onKeyDown={onKeyDown} onBlur={() => setOffer(undefined)} onClick={() => setOffer(undefined)}
      />
      {offer !== undefined && (
        <ul class="sql-suggestions" id="sql-suggestions" role="listbox" aria-label="Suggestions" style={{ left: `${offer.left}px`, top: `${offer.top}px` }}>
          {offer.list.map((suggestion, i) => (
            // Before the field loses the focus.
            <li key={suggestion.text} id={`sql-suggestion-${i}`} role="option" aria-selected={i === offer.chosen} onPointerDown={(event) => { event.preventDefault(); take(suggestion); }}>
              <span>{suggestion.text}</span><span>{suggestion.about}</span>
            </li>
          ))}
        </ul>
      )}
      <p class="visually-hidden" role="status">{offer === undefined ? '' : plural(offer.list.length, 'suggestion')}</p>
    </div>
  );
}

/** The pieces in their colours, those that are wrong marked. */
function paint(text: string, wrong: Props['wrong']): JSX.Element[] {
  let at = 0;
  return pieces(text).flatMap((piece, i) => {
    const begin = at;
    at += piece.text.length;
    const span = (part: string, key: string, marked: boolean): JSX.Element[] => {
      if (part === '') return [];
      const inner = <span key={key} data-kind={piece.kind}>{part}</span>;
      return [marked ? <mark key={key}>{inner}</mark> : inner];
    };
    if (wrong === undefined || wrong[1] <= begin || wrong[0] >= at) return span(piece.text, `${i}`, false);
    const [from, to] = [Math.max(0, wrong[0] - begin), Math.min(piece.text.length, wrong[1] - begin)];
    return [...span(piece.text.slice(0, from), `${i}a`, false), ...span(piece.text.slice(from, to), `${i}b`, true), ...span(piece.text.slice(to), `${i}c`, false)];
  });
}

/** All letters of the field are as wide as this one. */
function letterWidth(field: HTMLElement | null): number {
  const ink = document.createElement('canvas').getContext('2d');
  if (ink === null || field === null) return 8;
  ink.font = getComputedStyle(field).font;
  return ink.measureText('m').width;
}
