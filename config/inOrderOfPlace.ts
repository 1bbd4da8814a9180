import type { ConfigPath, ConfigProblem } from './configProblem.ts';

/** Problems in the order in which a configuration has the parts that they name; what is missing comes with its owner. */
export function inOrderOfPlace(problems: readonly ConfigProblem[], value: unknown): ConfigProblem[] {
  return problems
    .map((problem) => ({ problem, place: placeIn(value, problem.path) }))
    .sort((a, b) => compare(a.place, b.place))
    .map(({ problem }) => problem);
}

/** Of each part of a path, which it is among its siblings; -1 for one that is not there. */
function placeIn(value: unknown, path: ConfigPath): number[] {
  let owner = value;
  return path.map((part) => {
    if (typeof owner !== 'object' || owner === null) return -1;
    const place = Array.isArray(owner) ? Number(part) : Object.keys(owner).indexOf(String(part));
    owner = place === -1 ? undefined : (owner as Record<string | number, unknown>)[part];
    return place;
  });
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [depth, place] of a.entries()) {
    const difference = place - (b[depth] ?? -2);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
