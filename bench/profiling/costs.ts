import type { Call } from './callTree.ts';

/** A function over all the places it was called from. Shares of all samples, from 0 to 1. */
export interface Cost {
  readonly name: string;
  /** In the function itself. */
  readonly self: number;
  /** In it and all that it called. */
  readonly total: number;
}

/** The functions by what they cost themselves, dearest first. */
export function costs(root: Call): Cost[] {
  const found = new Map<string, { self: number; total: number }>();
  add(root, new Set());
  return [...found]
    .map(([name, { self, total }]) => ({ name, self: self / root.total, total: total / root.total }))
    .sort((a, b) => b.self - a.self);

  /** A function that calls itself counts once in its total. */
  function add(call: Call, above: ReadonlySet<string>): void {
    const cost = found.get(call.name) ?? { self: 0, total: 0 };
    found.set(call.name, cost);
    cost.self += call.self;
    if (!above.has(call.name)) cost.total += call.total;
    const within = new Set(above).add(call.name);
    for (const child of call.children) add(child, within);
  }
}
