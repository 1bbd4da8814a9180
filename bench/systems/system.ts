import type { ProcessTree } from '../machine/processTree.ts';
import type { Certificates } from '../upstreams/certificates.ts';
import type { UpstreamName, Upstreams } from '../upstreams/startUpstreams.ts';

/** A way to the upstreams: straight, or through a gateway of some kind. */
export interface System {
  /** As it is named in tables and filters. */
  readonly name: string;
  /** What it is and how it is set up, a phrase. */
  readonly about: string;
  /** Why it cannot run as asked, or null. */
  missing(setup: Setup): string | null;
  start(setup: Setup): Promise<RunningSystem>;
}

/** What a case asks of a system. */
export interface Setup {
  /** Processes or threads that serve. */
  readonly workers: number;
  /** Whether clients are served by TLS, with HTTP/2. */
  readonly tls: boolean;
  /** How many apps can sign, where the system knows such a thing. */
  readonly apps: number;
}

export interface RunningSystem {
  /** Null where nothing stands in between. */
  readonly tree: ProcessTree | null;
  /** The URL to call for a path of an upstream; `app` counts from 0. */
  url(upstream: UpstreamName, path: string, options?: { method?: 'GET' | 'POST'; app?: number }): string;
  /** A request that is refused without asking an upstream: whatever is dearest to refuse. */
  readonly refused: { readonly url: string; readonly status: number } | null;
  stop(): Promise<void>;
}

/** What all systems of a run share. */
export interface Surroundings {
  readonly folder: string;
  readonly upstreams: Upstreams;
  readonly certificates: Certificates;
  /** Open files that a process may have. */
  readonly descriptors: number;
}

/** What every gateway adds to a request on its way. */
export const INJECTED = { name: 'Authorization', value: 'Bearer sk-bench-upstream-key' } as const;
