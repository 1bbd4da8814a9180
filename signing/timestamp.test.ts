import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

test('every second of the years 0 to 9999 is read as it was written', () => {
  const date = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(date, (each) => {
      expect(parseTimestamp(formatTimestamp(each))).toBe(Math.floor(each.getTime() / 1000) * 1000);
    }),
  );
});

test('digits that are no real date and time are not read: nothing rolls over', () => {
  const two = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'));
  const year = fc.oneof(fc.constantFrom('0000', '1900', '2000', '2024', '2026', '9999'), fc.tuple(two, two));
  fc.assert(
    fc.property(year, fc.tuple(two, two, two, two, two), (years, [month, day, hour, minute, second]) => {
      const y = [years].flat().join('');
      const milliseconds = parseTimestamp(`${y}${month}${day}T${hour}${minute}${second}Z`);
      // The calendar of the platform reads a date that rolls over as another one, or as none.
      const iso = `${y}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
      const date = new Date(iso);
      const isReal = !Number.isNaN(date.getTime()) && date.toISOString() === iso;
      expect([iso, milliseconds]).toEqual([iso, isReal ? date.getTime() : undefined]);
    }),
    { numRuns: 2000 },
  );
});

test.each(['20240229T000000Z', '20000229T000000Z'])('%s is a leap day', (text) => {
  expect(parseTimestamp(text)).toBeNumber();
});

test.each([
  '20260229T000000Z',
  '19000229T000000Z',
  '20261124T235960Z',
  '20261124T240000Z',
  '20260001T000000Z',
  '20261100T000000Z',
  '20261124T101500',
  '20261124T101500z',
  '20261124T101500Z\n',
  ' 20261124T101500Z',
  '+02026112T101500Z',
  '２０２６1124T101500Z',
  '',
])('%j is none', (text) => expect(parseTimestamp(text)).toBeUndefined());
