import { heapStats } from 'bun:jsc';
import { expect, test } from 'bun:test';
import { parseSignedUrl, type ValueReading } from '../signing/parseSignedUrl.ts';
import { signUrl } from '../signing/signUrl.ts';
import { BoundedMemo } from './boundedMemo.ts';

test('a bounded memo remembers as many texts as it may, and begins anew with one more', () => {
  const memo = new BoundedMemo<number>({ entries: 2, longest: 3 });
  memo.set('one', 1);
  memo.set('two', 2);
  expect([memo.get('one'), memo.get('two')]).toEqual([1, 2]);
  memo.set('six', 6);
  expect([memo.get('one'), memo.get('two'), memo.get('six')]).toEqual([undefined, undefined, 6]);
});

test('a bounded memo takes a text of the longest length, and none that is longer', () => {
  const memo = new BoundedMemo<number>({ entries: 2, longest: 3 });
  memo.set('four', 4);
  memo.set('two', 2);
  expect([memo.get('four'), memo.get('two')]).toEqual([undefined, 2]);
});

const signed = (proxyUrl: string) =>
  signUrl({ id: 'a', secret: 'b', host: 'http://h/', proxyUrl, expiry: 60, method: 'GET' }).split('?')[1]!;

test.each([
  ['escaped', (query: string) => query],
  ['unescaped', (query: string) => query.replace('https%3A%2F%2Fhost%2F', 'https://host/')],
])('values that are %s keep nothing of the requests that they came with', (_, spelt) => {
  const memo = new BoundedMemo<ValueReading>();
  const query = spelt(signed('https://host/'));
  const before = heapStats().heapSize;
  for (let index = 0; index < 900; index++) {
    const head = Buffer.from(`${query.replace('host', `host${index}`)} ${'x'.repeat(100_000)}`);
    const text = head.toString('latin1');
    parseSignedUrl(text.slice(0, text.indexOf(' ')), memo);
  }
  Bun.gc(true);
  expect(heapStats().heapSize - before).toBeLessThan(45_000_000);
});
