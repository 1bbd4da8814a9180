/** What the process's exit code says (docs/cli.md, "Exit codes"). */
export const EXIT = {
  done: 0,
  /** Something outside failed: a port in use, a file that cannot be read. */
  failed: 1,
  /** The command line cannot be understood, or what it must name is missing. */
  usage: 2,
  /** An environment variable or a file holds what cannot be used. */
  configuration: 3,
  /** `inspect`: the URL is malformed or its signature does not match. */
  invalid: 4,
  /** `inspect`: the URL has expired. */
  expired: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
