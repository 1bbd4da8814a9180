import { describe, expect, test } from 'bun:test';
import { formatByteSize, parseByteSize } from '../config/byteSize.ts';
import { formatDuration, parseDuration } from '../config/duration.ts';
import { readPinnedName } from './pinnedName.ts';

describe('amounts on the command line', () => {
  test.each([
    ['0', 0],
    ['60', 60_000],
    ['500ms', 500],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
  ])('%s is a time', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  test.each(['', '-1', '1.5s', '1 s', '1w', 's', '0x10', '1e3', '99999999999'])("'%s' is no time", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    ['0', 0],
    ['1048576', 1_048_576],
    ['10MiB', 10_485_760],
    ['512kib', 524_288],
    ['1MB', 1_000_000],
    ['1.5KiB', 1536],
    ['2 GiB', 2_147_483_648],
  ])('%s is a size', (text, bytes) => expect(parseByteSize(text)).toBe(bytes));

  test.each(['', '-1', 'MiB', '1M', '0.3B', '1e3', '0x10', '999999999999GiB'])("'%s' is no size", (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  });

  test('what is written can be read back', () => {
    for (const bytes of [1, 1000, 1024, 12_288, 10_485_760])
      expect(parseByteSize(formatByteSize(bytes))).toBe(bytes);
    for (const time of [0, 1000, 60_000, 3_660_000, 604_800_000]) {
      expect(parseDuration(formatDuration(time).replaceAll(' ', ''))).toBe(time);
    }
  });

  test('a name is pinned to an address of either family', () => {
    expect(readPinnedName('API.example.com:443:10.0.0.5')).toEqual({
      hostname: 'api.example.com',
      port: 443,
      address: '10.0.0.5',
    });
    for (const address of ['[fd00::5]', 'fd00::5']) {
      expect(readPinnedName(`a.example:8443:${address}`).address).toBe('fd00::5');
    }
    expect(readPinnedName('[fd00::1]:80:127.0.0.1').hostname).toBe('[fd00::1]');
  });

  test.each(['a:443', 'a:0:1.2.3.4', 'a:65536:1.2.3.4', 'a:443:b', ':443:1.2.3.4', 'a:443:[1.2.3'])(
    "'%s' pins nothing",
    (text) => expect(() => readPinnedName(text)).toThrow('--resolve must be'),
  );
});
