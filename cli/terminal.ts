/** What a command may touch of the process that runs it; only `main.ts` makes one from the real process. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the command produces: nothing else is written here. */
  readonly stdout: Output;
  /** Everything that is said to a person. */
  readonly stderr: Output;
  /** Reads standard input to its end. */
  readStdin(): Promise<Uint8Array>;
  /** Calls back for every SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** Milliseconds since the epoch. */
  clock(): number;
  randomBytes(length: number): Uint8Array;
  /** The command that runs this program again, ahead of its arguments. */
  readonly self: readonly string[];
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  /** The process that started this one with a channel between them; undefined where there is none. */
  readonly supervisor?: Supervisor;
}

export interface Supervisor {
  readonly isGone: boolean;
  tell(message: object): void;
  /** Calls back when the other process is gone, or at once where it is already. */
  onGone(listener: () => void): void;
}

export interface Output {
  /** Resolves when the text was handed to the system; rejects when the reader is gone. */
  write(text: string): Promise<void>;
  /** Whether a person sees it in colour. */
  readonly colours: boolean;
}

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';
