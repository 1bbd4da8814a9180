/** The client's side of the gateway: what listens, reads requests and writes answers. */
export interface Front {
  readonly url: URL;
  readonly port: number;
  /** Takes no new connection, closes the idle ones, and resolves when the others have ended by themselves. */
  drain(): Promise<void>;
  /** Ends every connection that is still there, with a reset where something is left unsaid. */
  destroy(): Promise<void>;
}

export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Undefined: every address. */
  readonly hostname: string | undefined;
  /** Whether other processes may listen on the same port, each getting its share of the connections. */
  readonly reusePort: boolean;
}
