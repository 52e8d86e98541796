/** Everything known of a view under its technical name; what is not known says so. */
import type { JSX } from 'preact';
import type { Facts } from '../api/views';
import { Panel } from '../ui/Panel';
import { factGroups } from '../views/facts';

export function ViewFacts({ facts, menu }: { facts: Facts; menu: JSX.Element }): JSX.Element {
  return (
    <Panel id="facts" title="Everything known" note="Names as in the API" actions={menu}>
      <div class="fact-groups">
        {factGroups(facts).map(({ title, facts: list }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl class="fact-list">
              {list.map(({ name, text }) => (
                <div key={name}><dt><code>{name}</code></dt><dd class={text === undefined ? 'unknown' : undefined}>{text ?? 'unknown'}</dd></div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Panel>
  );
}
