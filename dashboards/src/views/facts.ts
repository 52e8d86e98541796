/** Everything that is known of a view, in groups, under the API's technical names. */
import { bitrateText, count, duration, position } from '../charts/format';
import type { Facts } from '../api/views';

export interface Fact {
  name: string;
  /** Missing when not known. */
  text: string | undefined;
}

export interface FactGroup {
  title: string;
  facts: Fact[];
}

/** A fact that is a text. */
export function textFact(facts: Facts, name: string): string | undefined {
  const value = facts[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Names with their versions, and what else there is beside them; missing when nothing of it is known. */
export function joinedFacts(facts: Facts, groups: string[][]): string | undefined {
  const of = (name: string): string | undefined => (typeof facts[name] === 'number' ? String(facts[name]) : textFact(facts, name));
  const words = groups.map((names) => names.flatMap((name) => of(name) ?? []).join(' ')).filter((text) => text !== '').join(' · ');
  return words === '' ? undefined : words;
}

/** Our own names; the API has other products' names for many of them, which would only repeat. */
const GROUPS: [title: string, names: string[]][] = [
  ['Video', ['video_id', 'video_title', 'video_series', 'stream_type', 'video_duration_ms', 'source_hostname', 'page_url', 'page_type']],
  ['Viewer and place', ['viewer_id', 'session_id', 'country', 'asn', 'address_prefix', 'connection_type', 'experiment_name', 'sub_property_id']],
  ['Player and device', [
    'player_name', 'player_version', 'player_software', 'player_software_version', 'sdk', 'browser', 'browser_version',
    'operating_system', 'operating_system_version', 'device', 'player_width', 'player_height',
  ]],
  ['Delivery', ['cdn', 'rendition_height', 'rendition_width', 'rendition_bitrate', 'rendition_codec', 'rendition_fps', 'weighted_average_bitrate', 'live_latency_ms']],
  ['Times and counts', [
    'video_startup_ms', 'player_startup_ms', 'page_load_ms', 'watch_ms', 'playing_ms', 'rebuffer_ms', 'rebuffer_count', 'seek_ms',
    'seek_count', 'dropped_frames', 'upscale_ms', 'downscale_ms', 'playhead_ms', 'max_playhead_ms',
  ]],
  ['Outcome', [
    'view_started', 'view_ended', 'played_to_end', 'exit_before_video_start', 'playback_failure', 'playback_business_exception',
    'error_code', 'error_message', 'error_count',
  ]],
  ['This record', ['view_id', 'environment_id', 'view_start', 'view_end', 'updated_at', 'last_sequence']],
];

export function factGroups(facts: Facts): FactGroup[] {
  const groups = GROUPS.map(([title, names]) => ({ title, facts: names.map((name) => ({ name, text: factText(name, facts[name]) })) }));
  const custom = Object.entries(facts.custom ?? {}).map(([name, value]) => ({ name: `custom.${name}`, text: factText(name, value) }));
  return custom.length === 0 ? groups : [...groups.slice(0, -1), { title: 'Of your own', facts: custom }, ...groups.slice(-1)];
}

const POSITIONS = new Set(['playhead_ms', 'max_playhead_ms', 'video_duration_ms']);
/** Numbers that name something and are not counted. */
const NAMES = new Set(['asn', 'last_sequence', 'rendition_height', 'rendition_width', 'player_width', 'player_height', 'rendition_fps']);

function factText(name: string, value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (POSITIONS.has(name)) return position(value);
  if (name.endsWith('_ms')) return duration(value);
  if (name.endsWith('bitrate')) return bitrateText(value);
  return NAMES.has(name) ? String(value) : count(value);
}
