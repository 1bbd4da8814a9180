import { expect, test } from 'bun:test';
import { allCases } from './allCases.ts';
import { selectCases, withBeside } from './selection.ts';

const cases = allCases({ descriptors: 20_000 });

function selected(...filters: string[]): string[] {
  return selectCases(cases, filters).map(({ id, systems }) => `${id}: ${systems.join(' ')}`);
}

test('no filter keeps everything', () => {
  expect(selectCases(cases, [])).toEqual(cases);
});

test('a case is chosen by a part of its name, with all its systems', () => {
  expect(selected('refus')).toEqual(['refusals: nginx haproxy signway caddy fastify bun-fetch']);
});

test('a system is chosen together with the one that it is compared with', () => {
  expect(selected('json-64/haproxy')).toEqual(['json-64: nginx haproxy']);
  expect(selected('defaults/signway')).toEqual(['defaults: signway-bare signway']);
  expect(selected('latency/caddy')).toEqual(['latency: direct nginx caddy']);
});

test('a system alone is chosen in every case that has it', () => {
  expect(selected('/library')).toHaveLength(3);
});

test('filters widen each other', () => {
  expect(selected('json-1/caddy', 'json-1/fastify')).toEqual(['json-1: nginx caddy fastify']);
});

test('what nothing is named by is empty', () => {
  expect(selected('json-64/nothing', 'nothing')).toEqual([]);
});

test('the gateway with other options stands beside itself', () => {
  const [first, ...others] = withBeside(selectCases(cases, ['json-64/signway', 'apps-1']), '--front bun');
  expect(first!.systems).toEqual(['nginx', 'signway', 'signway --front bun']);
  expect(others).toEqual([]);
});

test('every case has an id of its own', () => {
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
});
