/** Everything that is set rather than watched: who may send, who may ask, who may look, how long, and what is forgotten. */
import type { ComponentType, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Environment } from '../api/session';
import { ApiTokens } from '../panels/settings/ApiTokens';
import { EnvironmentSettings } from '../panels/settings/EnvironmentSettings';
import { IngestKeys } from '../panels/settings/IngestKeys';
import { OwnSignIn } from '../panels/settings/OwnSignIn';
import { People } from '../panels/settings/People';
import { Privacy } from '../panels/settings/Privacy';
import { ViewerCounts } from '../panels/settings/ViewerCounts';
import { settingsHref } from '../panels/settings/place';
import { Said } from '../ui/Said';

export interface SectionProps {
  environment: Environment;
}

const SECTIONS: { id: string; name: string; Content: ComponentType<SectionProps> }[] = [
  { id: 'keys', name: 'Ingest keys', Content: IngestKeys },
  { id: 'tokens', name: 'API tokens', Content: ApiTokens },
  { id: 'people', name: 'People', Content: People },
  { id: 'environment', name: 'Environment', Content: EnvironmentSettings },
  { id: 'privacy', name: 'Privacy', Content: Privacy },
  { id: 'counts', name: 'Viewer counts', Content: ViewerCounts },
  { id: 'you', name: 'You', Content: OwnSignIn },
];

export function SettingsPage({ section, environment }: SectionProps & { section: string }): JSX.Element {
  const chosen = SECTIONS.find(({ id }) => id === section);
  useEffect(() => {
    document.title = `${chosen?.name ?? 'Settings'} · Playhead`;
  }, [chosen]);
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>Settings</h1><Said key={section} /></div>
      <nav class="choices sections" aria-label="Settings">
        {SECTIONS.map(({ id, name }) => <a key={id} href={settingsHref(id)} aria-current={id === section ? 'page' : undefined}>{name}</a>)}
      </nav>
      {chosen === undefined
        ? <div class="state panel" data-state="not-found"><p class="state-title">There are no settings of this name</p></div>
        : <chosen.Content environment={environment} />}
    </>
  );
}
