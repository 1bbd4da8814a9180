import { expect, test } from 'bun:test';
import { drawSoak } from './soakPicture.ts';

test('the picture has a line for memory and one for files, within its frame', () => {
  const samples = [0, 60, 120].map((time) => ({ time, memory: time * 1024 * 1024, files: 10 }));
  const picture = drawSoak(samples);
  const lines = [...picture.matchAll(/points="([^"]+)"/g)].map(([, points]) => points!.split(' '));
  expect(lines.map((points) => points.length)).toEqual([3, 3]);
  for (const point of lines.flat()) {
    const [x, y] = point.split(',').map(Number) as [number, number];
    expect(x >= 0 && x <= 900 && y >= 0 && y <= 480).toBe(true);
  }
  expect(picture).toContain('>120</text>');
  expect(picture).toContain('2 min');
});
