/** Tells whether a value satisfies a part of a schema. What it evaluated is noted where `unevaluated…` asks for it. */
export type Check = (value: unknown, run: Validation, evaluated: Evaluated | null) => boolean;

/** The properties and items of one value that some keyword has looked at. */
export interface Evaluated {
  readonly properties: Set<string>;
  readonly items: Set<number>;
}

export function nothingEvaluated(): Evaluated {
  return { properties: new Set(), items: new Set() };
}

export function addEvaluated(to: Evaluated | null, from: Evaluated | null): void {
  if (to === null || from === null) return;
  for (const name of from.properties) to.properties.add(name);
  for (const index of from.items) to.items.add(index);
}

/** Where a value fails and by which keyword. */
export interface SchemaFailure {
  /** A JSON Pointer (RFC 6901) to the value. */
  readonly pointer: string;
  readonly keyword: string;
}

/** One run over one value: what it has cost so far, where it is, and what failed first. */
export class Validation {
  failure: SchemaFailure | null = null;
  #left: number;
  #speculating = 0;
  readonly #path: (string | number)[] = [];

  constructor(budget: number) {
    this.#left = budget;
  }

  /** @throws {TooCostly} when the budget is spent */
  spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw new TooCostly();
  }

  /** Notes a failure, unless it is one that the value may have. */
  fail(keyword: string): false {
    if (this.#speculating === 0 && this.failure === null) {
      const parts = this.#path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
      this.failure = { pointer: parts.map((part) => `/${part}`).join(''), keyword };
    }
    return false;
  }

  /** Runs a check whose failure is not the value's failure. */
  speculate(check: Check, value: unknown, evaluated: Evaluated | null): boolean {
    this.#speculating++;
    const passed = check(value, this, evaluated);
    this.#speculating--;
    return passed;
  }

  /** Runs a check on a member of the value. */
  descend(part: string | number, check: Check, value: unknown): boolean {
    this.#path.push(part);
    const passed = check(value, this, null);
    this.#path.pop();
    return passed;
  }
}

/** A value that takes more work than the schema is allowed. */
export class TooCostly extends Error {
  override readonly name = 'TooCostly';
}

/** A schema that cannot be used. The message says where and why, for whoever wrote it. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';

  constructor(pointer: string, problem: string) {
    super(`${pointer === '' ? 'the schema' : `the schema at ${pointer}`} ${problem}`);
  }
}
