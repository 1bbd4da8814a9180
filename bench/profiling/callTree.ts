import { basename } from 'node:path';

/** What Bun writes with `--cpu-prof`: the format of Chromium's profiler. Times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Since the epoch. */
  readonly startTime: number;
  /** The node that was running at each sample. */
  readonly samples: readonly number[];
  /** From the sample before, or the start. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** A function as it was called from one place, with the samples in it and below it. */
export interface Call {
  /** The function's name, and where it stands: `verify (verifier.ts:12)`. What is native has no place. */
  readonly name: string;
  readonly url: string;
  readonly self: number;
  readonly total: number;
  /** Largest first. */
  readonly children: readonly Call[];
}

/**
 * Makes the tree of calls of the samples between two moments, in milliseconds since the epoch. Samples are
 * counted, not their times: a time holds the idle gap before it.
 */
export function callTree(profile: CpuProfile, { from, to }: { from: number; to: number }): Call {
  const hits = new Map<number, number>();
  let at = profile.startTime;
  profile.samples.forEach((id, i) => {
    at += profile.timeDeltas[i]!;
    if (at >= from * 1000 && at <= to * 1000) hits.set(id, (hits.get(id) ?? 0) + 1);
  });
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  return callOf(nodes.get(1) ?? profile.nodes[0]!);

  function callOf(node: ProfileNode): Call {
    const children = (node.children ?? [])
      .map((id) => callOf(nodes.get(id)!))
      .filter(({ total }) => total > 0)
      .sort((a, b) => b.total - a.total);
    const self = hits.get(node.id) ?? 0;
    return {
      name: nameOf(node),
      url: node.callFrame.url,
      self,
      total: children.reduce((sum, { total }) => sum + total, self),
      children,
    };
  }
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  if (!url.startsWith('file:')) return functionName === '' ? '(native)' : functionName;
  return `${functionName === '' ? '(anonymous)' : functionName} (${basename(url)}:${lineNumber + 1})`;
}
