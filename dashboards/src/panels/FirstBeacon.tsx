/** What to do while nobody watches: the lines to put on a page, with this environment's own key. */
import type { JSX } from 'preact';
import type { Environment } from '../api/session';
import { withScope } from '../router';
import { CopyButton } from '../ui/CopyButton';
import { Panel } from '../ui/Panel';

const snippetFor = (origin: string, key: string): string => `<script src="${origin}/sdk/playhead.js"></script>
<script>
  playhead.monitor(document.querySelector('video'), {
    key: '${key}',
    data: { video_id: 'my-first-video', video_title: 'My first video' },
  });
</script>`;

export function FirstBeacon({ environment }: { environment: Environment }): JSX.Element {
  const snippet = snippetFor(location.origin, environment.ingest_key);
  return (
    <Panel id="first-beacon" title="Waiting for the first beacon" class="panel-first">
      <p>
        No player is sending to <strong>{environment.name}</strong> right now. Put this after the video element of a
        page, open the page, and press play. The figures here change within a second.
      </p>
      <div class="snippet">
        <pre tabIndex={0} aria-label="Snippet"><code>{snippet}</code></pre>
        <CopyButton text={snippet} />
      </div>
      <p><a href={withScope('/start', ['zone'])}>Other players, and a check of the installation</a>. Or watch it work first: <a href="/demo">open the demo player</a>.</p>
    </Panel>
  );
}
