/** Incidents: what was found to be wrong, from when to when and for whom. Answers as in schema/openapi.json. */
import { getJson, send } from '../api/client';
import type { Unit } from '../time/compare';

export const STATUSES = ['open', 'closed', 'expired'] as const;
export type Status = (typeof STATUSES)[number];
export const SEVERITIES = ['alert', 'warning'] as const;

export interface Incident {
  id: string;
  status: Status;
  severity: (typeof SEVERITIES)[number];
  description: string;
  error_description: string;
  impact: string;
  /** The id of the metric. */
  measurement: string;
  measured_value: number | null;
  measured_value_on_close: number | null;
  threshold: number;
  sample_size: number;
  sample_size_unit: string;
  affected_views: number;
  affected_views_per_hour: number;
  breakdowns: { id: string; name: string; value: string }[];
  started_at: string;
  resolved_at: string | null;
  /** Null: it was found. Who opened one by hand measured nothing. */
  opened_by: string | null;
  acknowledged_by: string | null;
  acknowledged_at: string | null;
}

export interface IncidentsAnswer {
  data: Incident[];
  total_row_count: number;
}

export const MOST = 100;

export function incidentsPath(status: Status | 'all', severity: Incident['severity'] | 'all'): string {
  const query = new URLSearchParams([['limit', String(MOST)]]);
  if (status !== 'all') query.append('status', status);
  if (severity !== 'all') query.append('severity', severity);
  return `/data/v1/incidents?${query.toString()}`;
}

/** An incident as somebody opens it. */
export interface IncidentWish {
  description: string;
  severity: string;
  measurement: string;
  /** Unix seconds. */
  started_at: number;
  breakdowns: { name: string; value: string }[];
  note: string;
}

export type Action = 'acknowledge' | 'note' | 'resolve';

export interface Entry {
  at_ms: number;
  action: 'open' | Action;
  actor: string;
  note: string;
}

export const openIncident = async (wish: IncidentWish): Promise<Incident> => (await send<{ data: Incident }>('POST', '/data/v1/incidents', wish)).data;

export const logPath = (id: string): string => `${incidentPath(id)}/log`;
export const logOf = async (id: string, signal?: AbortSignal): Promise<Entry[]> => (await getJson<{ data: Entry[] }>(logPath(id), signal)).data;
export const act = async (id: string, action: Action, note: string): Promise<Incident> => (await send<{ data: Incident }>('POST', logPath(id), { action, note })).data;

export const incidentPath = (id: string): string => `/data/v1/incidents/${encodeURIComponent(id)}`;

/** While it goes on, up to now. */
export const lastedMs = ({ started_at: from, resolved_at: to }: Incident, nowMs: number): number =>
  Math.max(0, (to === null ? nowMs : Date.parse(to)) - Date.parse(from));

/** The views it is about, as filters of the address. */
export const filtersOfIncident = ({ breakdowns }: Incident): [string, string][] => breakdowns.map(({ name, value }) => ['filter', `${name}:${value}`]);

/** Around it, as far again on both sides, to see it come and go: whole minutes, within what is past. */
export function frameOf(incident: Incident, nowMs: number): { fromS: number; toS: number } {
  const lengthS = Math.max(1_800, lastedMs(incident, nowMs) / 1_000);
  const fromS = Date.parse(incident.started_at) / 1_000;
  const minute = (s: number): number => Math.floor(s / 60) * 60;
  return { fromS: minute(fromS - lengthS), toS: minute(Math.min(nowMs / 1_000, fromS + 2 * lengthS)) + 60 };
}

/** The unit a metric has where the list of metrics is not at hand. */
export const unitOf = (measurement: string, units: Map<string, Unit>): Unit => units.get(measurement) ?? 'count';
