/** One field for whatever id somebody has in hand: it finds out what it is an id of, says so, and goes there. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { explain } from '../api/client';
import { matchesOf } from '../api/views';
import type { Match } from '../api/views';
import { plural } from '../charts/format';
import { navigate, viewHref } from '../router';

type Finding =
  | { status: 'none' }
  | { status: 'asking'; text: string }
  | { status: 'found'; text: string; matches: Match[] }
  | { status: 'error'; message: string };

const WORDS: Record<Match['dimension'], string> = {
  view: 'a view id', viewer_id: 'a viewer id', video_id: 'a video id', error_code: 'an error code',
};

export function ViewSearch(): JSX.Element {
  const [finding, find] = useState<Finding>({ status: 'none' });
  const asked = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => asked.current?.abort(), []);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const value = new FormData(event.currentTarget as HTMLFormElement).get('id');
    const text = typeof value === 'string' ? value.trim() : '';
    if (text === '') return;
    asked.current?.abort();
    const controller = (asked.current = new AbortController());
    find({ status: 'asking', text });
    matchesOf(text, controller.signal).then(
      (matches) => {
        find({ status: 'found', text, matches });
        const [only] = matches;
        if (only !== undefined && matches.length === 1) navigate(matchHref(only, text));
      },
      (error: unknown) => controller.signal.aborted || find({ status: 'error', message: explain(error) }),
    );
  };
  return (
    <form class="search" role="search" onSubmit={submit}>
      <label for="search-id">Find by view, viewer, video id or error code</label>
      <div class="search-row">
        <input id="search-id" name="id" type="search" autocomplete="off" spellcheck={false} aria-describedby="search-finding" />
        <button type="submit" class="button">Find</button>
        <p class="search-finding" id="search-finding" role="status">{told(finding)}</p>
      </div>
    </form>
  );
}

/** All that is kept, for whoever looks for an id does not know when it was seen. */
function matchHref({ dimension }: Match, text: string): string {
  if (dimension === 'view') return viewHref(text);
  return `/views?${new URLSearchParams([['timeframe', '90d'], ['filter', `${dimension}:${text}`]]).toString()}`;
}

function told(finding: Finding): JSX.Element | string {
  switch (finding.status) {
    case 'none':
      return '';
    case 'asking':
      return `Looking for “${finding.text}”`;
    case 'error':
      return finding.message;
    case 'found':
      return finding.matches.length === 0
        ? `No view in the last 90 days has “${finding.text}” as its id, viewer, video or error code.`
        : <>“{finding.text}” is {finding.matches.map((match, i) => <Found key={match.dimension} match={match} text={finding.text} first={i === 0} />)}.</>;
  }
}

function Found({ match, text, first }: { match: Match; text: string; first: boolean }): JSX.Element {
  const views = match.dimension === 'view' ? '' : ` of ${plural(match.views, 'view')}`;
  return <>{first ? '' : ' and '}<a href={matchHref(match, text)}>{WORDS[match.dimension]}{views}</a></>;
}
