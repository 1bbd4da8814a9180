import type { ConfigPath, ConfigProblem } from './configProblem.ts';
import type { ResolvedValue } from './configValue.ts';

/** Collects what is wrong with a part of a configuration and goes on, so that everything is said at once. */
export class ProblemList {
  readonly problems: ConfigProblem[];
  readonly #base: ConfigPath;

  constructor(base: ConfigPath = [], problems: ConfigProblem[] = []) {
    this.#base = base;
    this.problems = problems;
  }

  /** The list of a part: what is added there is added here, below the part's path. */
  at(...path: ConfigPath): ProblemList {
    return new ProblemList([...this.#base, ...path], this.problems);
  }

  error(message: string): undefined {
    this.problems.push({ severity: 'error', path: this.#base, message });
    return undefined;
  }

  warn(message: string): void {
    this.problems.push({ severity: 'warning', path: this.#base, message });
  }

  /** The value, or undefined with its problem noted. */
  take(resolved: ResolvedValue): string | undefined {
    if ('problem' in resolved) return this.error(resolved.problem);
    if (resolved.warning !== undefined) this.warn(resolved.warning);
    return resolved.value;
  }

  /** The value of a secret, which should not stand in the file itself. */
  takeSecret(resolved: ResolvedValue): string | undefined {
    if ('written' in resolved && resolved.written) this.warn(WRITTEN_DOWN);
    return this.take(resolved);
  }

  /** What an attempt gives; what it throws is noted. */
  attempt<Result>(attempt: () => Result): Result | undefined {
    try {
      return attempt();
    } catch (error) {
      return this.error((error as Error).message);
    }
  }
}

/** Said of a secret that stands in the file. */
export const WRITTEN_DOWN = 'is written down here: env:NAME and file:PATH keep it out';
