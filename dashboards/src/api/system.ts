/** What the operator's pages ask: how the node is, and what it refused. Shapes as in schema/openapi.json. */
import { getJson } from './client';

export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface SystemState {
  version: string;
  started_ms: number;
  now_ms: number;
  roles: string[];
  ready: boolean;
  draining: boolean;
  parts: { name: string; decides: boolean; problem: string | null }[];
  log: {
    host: string;
    bytes: number | null;
    /** From 1 down to 0, where beacons are refused. */
    room: number;
    partitions: { partition: number; end: number; processed: number; lag: number }[];
  };
  quarantined: number | null;
  clickhouse: {
    host: string;
    version: string | null;
    tables: { table: string; rows: number; bytes: number; parts: number }[];
    disk: { free_bytes: number; total_bytes: number } | null;
  };
  counters: Series[];
  /** Every ten seconds of the last hour. */
  course: CoursePoint[];
}

export interface CoursePoint {
  at_ms: number;
  accepted_per_s: number;
  rejected_per_s: number;
  shed_per_s: number;
  stored_per_s: number;
  lag_records: number;
}

export const SYSTEM_PATH = '/data/v1/system';
export const systemState = async (signal: AbortSignal): Promise<SystemState> => (await getJson<{ data: SystemState }>(SYSTEM_PATH, signal)).data;

export interface Refused {
  format: string;
  reason: string;
  detail: string | null;
  whole_beacons: boolean;
  count: number;
  is_temporary: boolean;
  first_ms: number;
  last_ms: number;
  example: { ingest_key: string; view_id: string | null; sequence: number | null; origin: string | null; user_agent: string | null };
}

export const REFUSALS_PATH = '/data/v1/refusals';
export const refusals = async (signal: AbortSignal): Promise<Refused[]> => (await getJson<{ data: Refused[] }>(REFUSALS_PATH, signal)).data;
