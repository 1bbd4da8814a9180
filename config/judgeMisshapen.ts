import * as v from 'valibot';
import { type ConfigPath, type ConfigProblem, problemsOf } from './configProblem.ts';
import { configSchema, NOT_KNOWN, type SignwayConfig } from './configSchema.ts';
import { Remainder } from './remainder.ts';

export interface Misshapen {
  /** Everything that the schema refuses. */
  readonly problems: readonly ConfigProblem[];
  /** What it does not refuse; null where there is nothing to judge. */
  readonly rest: RightlyShaped | null;
}

export interface RightlyShaped {
  readonly config: SignwayConfig;
  /** The place in the file of a part; null for one that only stands in for what is missing. */
  placeOf(path: ConfigPath): ConfigPath | null;
}

/**
 * Names what a configuration file's schema refuses, and leaves it out. No gateway ever runs on what is left: it is for
 * naming every problem at once.
 */
export function judgeMisshapen(value: unknown): Misshapen {
  const rest = new Remainder(value);
  const problems = [...refusedIn(rest)];
  // Of an object's unknown members the schema names one at a time.
  let unknown = problems.filter(isUnknown);
  while (unknown.filter(({ path }) => rest.leaveOut(path)).length > 0) {
    unknown = refusedIn(rest).filter(isUnknown);
    problems.push(...unknown);
  }
  let refused = [...refusedIn(rest), ...problems.filter(({ path }) => unitOf(path) !== null)];
  while (refused.length > 0) {
    if (!leaveOut(refused, rest)) return { problems, rest: null };
    refused = refusedIn(rest);
  }
  const config = v.parse(configSchema, rest.value);
  return { problems, rest: { config, placeOf: (path) => rest.placeOf(path) } };
}

/** By the places that they have in the file. */
function refusedIn(rest: Remainder): ConfigProblem[] {
  const { issues = [] } = v.safeParse(configSchema, rest.value);
  return problemsOf(issues).map((problem) => ({ ...problem, path: rest.placeOf(problem.path)! }));
}

function isUnknown({ message }: ConfigProblem): boolean {
  return message.startsWith(NOT_KNOWN);
}

/** Leaves each refused part out, or, where it is missing, what cannot do without it. False where nothing can be. */
function leaveOut(refused: readonly ConfigProblem[], rest: Remainder): boolean {
  const places = refused.map(({ path }) => {
    const part = unitOf(path) ?? path;
    return { part, isMissing: !rest.has(part) };
  });
  const changes = places.filter(({ part, isMissing }) => {
    const standIn = isMissing ? standInFor(part) : undefined;
    if (standIn !== undefined && rest.standIn(part, standIn)) return true;
    const whole = isMissing ? part.slice(0, -1) : part;
    return whole.length > 0 && rest.leaveOut(whole);
  });
  return changes.length > 0;
}

/** The part around a path that makes sense as a whole only: without one of its members another would seem to be wrong. */
function unitOf(path: ConfigPath): ConfigPath | null {
  const [first, , member, place] = path;
  if (first === 'store') return ['store'];
  return member === 'upstreams' && place !== undefined ? path.slice(0, 4) : null;
}

/** For what an app, or the file, cannot do without, so that the others of its members are judged all the same. */
function standInFor(path: ConfigPath): unknown {
  const [first, place, member] = path;
  if (first !== 'apps' || path.length > 3) return undefined;
  const app = {
    id: `app ${place}`,
    secrets: ['stands in'],
    upstreams: [{ origin: 'https://stands-in.invalid' }],
  };
  if (path.length === 1) return [app];
  return path.length === 3 ? new Map<unknown, unknown>(Object.entries(app)).get(member) : undefined;
}
