/** The places of a video that stand out, as a list: choosing one shows it on the chart, and zooms to it. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { position } from '../charts/format';
import type { Standout } from '../charts/standouts';
import { address, withParam } from '../router';
import { Glyph } from '../ui/Glyph';
import type { Shape } from '../ui/Glyph';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import type { Asked } from '../ui/PanelMenu';

const LOOKS: Record<Standout['kind'], { shape: Shape; word: string }> = {
  intro: { shape: 'play', word: 'Intro' },
  drop: { shape: 'down', word: 'Drop' },
  return: { shape: 'up', word: 'Rise' },
  replayed: { shape: 'arrows', word: 'Replayed' },
};

/** So much of the video is shown around a place. */
const AROUND_S = 15;

interface Props {
  places: Standout[];
  crosshair: Signal<number | undefined>;
  /** The engagement they are found in. */
  asked: Asked[];
  about: string[];
}

export function Standouts({ places, crosshair, asked, about }: Props): JSX.Element {
  const show = (fromMs: number | undefined) => (): void => {
    crosshair.value = fromMs === undefined ? undefined : fromMs / 1_000;
  };
  return (
    <Panel id="standouts" title="Places that stand out" note="By fixed rules: over five seconds, or a fiftieth of the video if that is longer; at least 3% of the views" class="panel-standouts"
      actions={<PanelMenu title="Places that stand out" about={about} asked={asked} rows={() => [['kind', 'from', 'to', 'from_ms', 'to_ms', 'what'], ...places.map(({ kind, fromMs, toMs, words }) => [kind, position(fromMs), position(toMs), fromMs, toMs, words])]} />}>
      <ol class="standouts">
        {places.map(({ kind, fromMs, toMs, words }) => (
          <li key={`${kind}${fromMs}`} data-kind={kind}>
            <Glyph shape={LOOKS[kind].shape} /> <strong>{LOOKS[kind].word}</strong>
            <a href={withParam(address.value, 'stretch', around(fromMs, toMs), '')} onPointerEnter={show(fromMs)} onPointerLeave={show(undefined)} onFocus={show(fromMs)} onBlur={show(undefined)}>
              {position(fromMs)} to {position(toMs)}<span class="visually-hidden">, zoom to it</span>
            </a>
            <span>{words}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

const around = (fromMs: number, toMs: number): string => `${Math.max(0, Math.floor(fromMs / 1_000) - AROUND_S)}-${Math.ceil(toMs / 1_000) + AROUND_S}`;
