import * as v from 'valibot';
import { type ConfigPath, problemsOf } from './configProblem.ts';
import { configSchema, type SignwayConfig } from './configSchema.ts';

/** What of a configuration file has the right shape. */
export interface RightlyShaped {
  readonly config: SignwayConfig;
  /** The places that its apps have in the file. */
  readonly places: readonly number[];
}

/**
 * Leaves out of a file's value what its schema refuses: a member, or an app that cannot do without it. Null where
 * nothing is left to judge. No gateway ever runs on what this gives: it is for naming every problem at once.
 */
export function rightlyShaped(value: unknown, refused: readonly ConfigPath[]): RightlyShaped | null {
  if (!isRecord(value) || !Array.isArray(value.apps)) return null;
  const rest: Record<string, unknown> = { ...value };
  const apps = new Map<number, unknown>(value.apps.map((app, place) => [place, app]));
  let paths = refused;
  for (let round = 0; round < ROUNDS; round++) {
    for (const path of paths) leaveOut(path, { rest, apps });
    const places = [...apps.keys()];
    const shaped = v.safeParse(configSchema, { ...rest, apps: [...apps.values()] });
    if (shaped.success) return { config: shaped.output, places };
    paths = problemsOf(shaped.issues).map(({ path }) => placedInFile(path, places));
  }
  return null;
}

/** A member goes first, and what cannot do without it in the next round. */
const ROUNDS = 4;

function leaveOut(
  [first, place, member, ...deeper]: ConfigPath,
  { rest, apps }: { rest: Record<string, unknown>; apps: Map<number, unknown> },
): void {
  if (first !== 'apps' || typeof place !== 'number') {
    delete rest[String(first)];
    return;
  }
  const app = apps.get(place);
  // What is not there cannot be left out, and in a list what follows would get another place.
  const isMember = isRecord(app) && typeof member === 'string' && Object.hasOwn(app, member);
  if (!isMember || deeper.some((key) => typeof key === 'number')) {
    apps.delete(place);
    return;
  }
  const { [member]: _, ...others } = app;
  apps.set(place, others);
}

function placedInFile([first, index, ...deeper]: ConfigPath, places: readonly number[]): ConfigPath {
  if (first !== 'apps' || typeof index !== 'number')
    return index === undefined ? [first!] : [first!, index, ...deeper];
  return [first, places[index]!, ...deeper];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
