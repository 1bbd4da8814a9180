/** What the process's exit code says (docs/cli.md, "Exit codes"). */
export const EXIT = {
  done: 0,
  /** Something outside failed: a port in use, a body's file that cannot be read. */
  failed: 1,
  /** The command line cannot be understood, or what it must name is missing. */
  usage: 2,
  /** A variable, or a file of secrets, headers or certificates, cannot be used. */
  configuration: 3,
  /** `inspect`: a gateway refuses the URL. */
  invalid: 4,
  /** `inspect`: the URL has expired, and nothing else is wrong with it. */
  expired: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
