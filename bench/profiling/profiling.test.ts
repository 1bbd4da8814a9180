import { expect, test } from 'bun:test';
import { type CpuProfile, callTree } from './callTree.ts';
import { costs } from './costs.ts';
import { flameGraph } from './flameGraph.ts';

const OURS = 'file:///project/server/answer.ts';

/** root → ours → native, ours → ours (itself); one sample a millisecond from the start on. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: { functionName: '(root)', url: '', lineNumber: -1 }, children: [2] },
    { id: 2, callFrame: { functionName: 'respond', url: OURS, lineNumber: 9 }, children: [3, 4] },
    { id: 3, callFrame: { functionName: 'write<T>', url: '', lineNumber: -1 } },
    { id: 4, callFrame: { functionName: 'respond', url: OURS, lineNumber: 9 } },
  ],
  startTime: 1_000_000,
  samples: [3, 3, 3, 2, 4, 3],
  timeDeltas: [1000, 1000, 1000, 1000, 1000, 1000],
};
const WHOLE = callTree(PROFILE, { from: 0, to: 10_000 });

test('samples are counted where they fell, and in all that called it', () => {
  expect(WHOLE).toMatchObject({ name: '(root)', self: 0, total: 6 });
  expect(WHOLE.children[0]).toMatchObject({ name: 'respond (answer.ts:10)', self: 1, total: 6 });
  expect(WHOLE.children[0]!.children.map(({ name, total }) => [name, total])).toEqual([
    ['write<T>', 4],
    ['respond (answer.ts:10)', 1],
  ]);
});

test('what has no name is told apart by whether it has a place', () => {
  const nameless = (url: string) =>
    callTree(
      { ...PROFILE, nodes: [{ id: 1, callFrame: { functionName: '', url, lineNumber: 4 } }], samples: [1] },
      { from: 0, to: 10_000 },
    ).name;
  expect(nameless('')).toBe('(native)');
  expect(nameless(OURS)).toBe('(anonymous) (answer.ts:5)');
});

test('samples outside the time asked for are left out', () => {
  expect(callTree(PROFILE, { from: 1004, to: 1005 }).total).toBe(2);
  expect(callTree(PROFILE, { from: 1004, to: 1005 }).children[0]!.children).toHaveLength(1);
});

test('a function that calls itself counts once in its total', () => {
  expect(costs(WHOLE).map(({ name, self, total }) => [name, self * 6, total])).toEqual([
    ['write<T>', 4, 4 / 6],
    ['respond (answer.ts:10)', 2, 1],
    ['(root)', 0, 1],
  ]);
});

test('the graph draws every call once, as wide as its share', () => {
  const svg = flameGraph(WHOLE, { title: 'a & b' });
  expect(svg.match(/<g>/g)).toHaveLength(4);
  expect(svg).toContain('<title>write&lt;T&gt;: 66.7 %, itself 66.7 %</title>');
  expect(svg).toContain(`width="${Math.round((4 / 6) * 16_000) / 10}"`);
  expect(svg).toContain('<title>a &amp; b</title>');
});
