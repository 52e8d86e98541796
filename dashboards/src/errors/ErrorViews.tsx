/** The newest views that had an error, each a link to its timeline; and what they say of it, grouped. */
import type { JSX } from 'preact';
import { viewsPath } from '../api/views';
import type { ViewSummary } from '../api/views';
import { DASH, count, countInFull, dateTime, plural, utc } from '../charts/format';
import { aboutOf } from '../panels/HistoryPanel';
import { address, viewHref, withScope } from '../router';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { ViewState } from '../ui/ViewState';
import type { Source } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { filterText } from '../views/filters';
import type { Filter } from '../views/filters';
import { rememberOpened } from '../views/opened';
import { fromHistory } from '../views/rows';
import { messageGroups } from './errors';

/** As many as one answer has; messages are grouped among these. */
export const LOOKED_AT = 100;
const SHOWN = 12;

export interface NewestAnswer {
  data: ViewSummary[];
  total_row_count: number;
}

interface Props {
  source: Source<NewestAnswer>;
  code: Filter;
  /** The whole screen's, without the error. */
  scope: Scope;
}

export const newestPath = ({ now: { frame, filters } }: Scope, code: Filter): string =>
  viewsPath({ frame, filters: [...filters, code] }, 'desc', LOOKED_AT);

export function ErrorMessages({ source, code, scope }: Props): JSX.Element {
  const groups = source.data.status === 'ready' ? messageGroups(source.data.value.data) : [];
  const among = source.data.status === 'ready' ? Math.min(LOOKED_AT, source.data.value.data.length) : 0;
  return (
    <Panel
      id="messages" title="What players say" class="panel-top"
      note={among < 2 ? undefined : `Newest ${among} views`}
      actions={<PanelMenu title={`Messages of ${code.value}`} about={aboutOf(scope)} asked={[{ what: 'The views', path: newestPath(scope, code) }]} rows={() => [['message', 'example', 'views', 'newest_view'], ...groups.map(({ text, example, views, viewId }) => [text, example, views, viewId])]} />}
    >
      <StateGate source={source} what="the messages" isEmpty={({ data }) => data.length === 0} empty={<p class="state-title">No view in this time had it.</p>}>
        {() => (
          <ul class="messages">
            {groups.map(({ text, example, views, viewId }) => (
              <li key={text}><span class="message-views" title={plural(views, 'view')}>{count(views)}×</span> <a href={viewHref(viewId)} title={example}>{text === '' ? 'no message' : text}<span class="visually-hidden">: the newest view</span></a></li>
            ))}
          </ul>
        )}
      </StateGate>
    </Panel>
  );
}

export function ErrorViews({ source, code, scope }: Props): JSX.Element {
  const total = source.data.status === 'ready' ? source.data.value.total_row_count : undefined;
  const all = withScope('/views', ['timeframe', 'zone', 'filter'], [['filter', filterText(code)]]);
  return (
    <Panel
      id="error-views" title="Views that had it" class="panel-breakdown" note="Those that began last; a row leads to what happened in it"
      actions={<>{total !== undefined && total > 0 && <a class="button" href={all}>All {countInFull(total)}, to filter and page</a>}<PanelMenu title={`Views with ${code.value}`} about={aboutOf(scope)} asked={[{ what: 'The newest views', path: newestPath(scope, code) }]} /></>}
    >
      <StateGate source={source} what="the views" isEmpty={({ data }) => data.length === 0} empty={<p class="state-title">No view in this time had it.</p>}>
        {({ data }) => <Table views={data.slice(0, SHOWN)} />}
      </StateGate>
    </Panel>
  );
}

function Table({ views }: { views: ViewSummary[] }): JSX.Element {
  const player = ({ player_software: name, player_software_version: version }: ViewSummary): string => [name, version].filter(Boolean).join(' ') || DASH;
  const device = ({ viewer_application_name: browser, viewer_os_family: system }: ViewSummary): string => [browser, system].filter(Boolean).join(' · ') || DASH;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Newest views with this error">
      <table class="error-views">
        <colgroup><col class="w-start" /><col /><col class="w-viewer" /><col class="w-number" /><col class="w-viewer" /><col class="w-viewer" /><col class="w-with" /><col class="w-state" /></colgroup>
        <thead><tr><th scope="col">Start</th><th scope="col">Video</th><th scope="col">Viewer</th><th scope="col">Country</th><th scope="col">Player</th><th scope="col">CDN</th><th scope="col">Browser and system</th><th scope="col">Result</th></tr></thead>
        <tbody>
          {views.map((view) => {
            const startMs = Date.parse(view.view_start);
            return (
              <tr key={view.id} data-view={view.id}>
                <th scope="row"><a class="open" href={viewHref(view.id)} title={utc(startMs)} onClick={() => rememberOpened(address.value.path + location.search, views.map(({ id }) => id), view.id)}>{dateTime(startMs, Date.now())}<span class="visually-hidden">, open this view</span></a></th>
                <td class="cut" title={view.video_title ?? view.video_id ?? undefined}>{view.video_title ?? view.video_id ?? DASH}</td>
                <td class="cut" title={view.viewer_id ?? undefined}>{view.viewer_id ?? DASH}</td>
                <td>{view.country_code ?? DASH}</td>
                <td class="cut">{player(view)}</td>
                <td class="cut">{view.cdn ?? DASH}</td>
                <td class="cut">{device(view)}</td>
                <td><ViewState state={fromHistory(view, Date.now()).result} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
