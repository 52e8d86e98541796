/** The zone in which clocks are read: the machine's own or UTC. The address has it; `main.tsx` ties the two together. */
import { signal } from '@preact/signals';

export const ZONES = ['local', 'utc'] as const;
export type Zone = (typeof ZONES)[number];

export const ZONE_WORDS: Record<Zone, string> = { local: 'Local', utc: 'UTC' };

export const zone = signal<Zone>('local');
