import type { RunningSystem, Setup } from '../systems/system.ts';

/** Figures by their unit. */
export type Figures = Readonly<Record<string, number>>;

/** A question that is put to each of some systems. */
export interface Case {
  /** As it is named in filters. */
  readonly id: string;
  readonly title: string;
  /** What is done and what is counted, a sentence or two. */
  readonly method: string;
  /** The cases that are plotted together. */
  readonly group: 'requests' | 'streams' | 'bodies' | 'latency' | 'refusals' | 'scaling';
  /** The unit that is compared; it stands first in `Figures`. */
  readonly unit: string;
  readonly lessIsBetter: boolean;
  /** Names, in any order. */
  readonly systems: readonly string[];
  /** The system that is 1. Default: nginx. */
  readonly reference?: string;
  readonly setup?: Partial<Setup>;
  run(running: RunningSystem, time: CaseTime): Promise<Figures>;
  /** Makes a round's figures of a system's own and of those of `direct` in the same round. */
  readonly besideDirect?: (own: Figures, direct: Figures) => Figures;
}

export interface CaseTime {
  /** For which the figures are taken. */
  readonly seconds: number;
}

/** The systems that are compared wherever nothing else is said. */
export const USUAL_SYSTEMS = ['nginx', 'haproxy', 'signway', 'caddy', 'fastify', 'bun-fetch'] as const;

/** Seconds of load before figures are taken: what a just-in-time compiler needs, and the same for all. */
export const WARM_UP_SECONDS = 2;
