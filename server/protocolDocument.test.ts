import { expect, test } from 'bun:test';
import { REFUSALS } from '../signing/refusal.ts';

const DOCUMENT = await Bun.file(new URL('../docs/protocol.md', import.meta.url)).text();

test('docs/protocol.md lists every code of a refusal, and its status', () => {
  const rows = DOCUMENT.slice(DOCUMENT.indexOf('\n| Status ')).matchAll(
    /^\| ((?:\d{3}(?:, )?)+) +\| (.+) \|$/gm,
  );
  const listed = [...rows].map(([, statuses, codes]) => ({
    statuses: statuses!.split(', ').map(Number),
    codes: [...codes!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code!),
  }));
  expect(listed.flatMap(({ codes }) => codes).sort()).toEqual(Object.keys(REFUSALS).sort());
  for (const { statuses, codes } of listed) {
    const found = new Set(codes.map((code) => REFUSALS[code as keyof typeof REFUSALS].status));
    expect([...found].sort()).toEqual(statuses as never);
  }
});

test('docs/protocol.md names the turn of every refusal', () => {
  const order = DOCUMENT.slice(DOCUMENT.indexOf('### The order'), DOCUMENT.indexOf('## Extensions'));
  expect(Object.keys(REFUSALS).filter((code) => !order.includes(`\`${code}\``))).toEqual([]);
});
