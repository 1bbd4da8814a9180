import { expect, test } from 'bun:test';
import { Outgoing, type Piece, type Writable } from './outgoing.ts';

const LARGE = Buffer.alloc(100 * 1024, 'large ');

test('small pieces go out in one write, in their order', () => {
  const socket = new FakeSocket();
  const outgoing = of('head\r\n', Buffer.from('body'), '', 'end');
  outgoing.writeTo(socket);
  expect(socket.writes).toEqual(['head\r\nbodyend']);
  expect(outgoing.length).toBe(0);
});

test('text goes out as Latin-1', () => {
  const socket = new FakeSocket();
  of('D\xe4h').writeTo(socket);
  expect(socket.writes).toEqual(['D\xe4h']);
});

const mixtures: [string, Piece[]][] = [
  ['small pieces', ['head\r\n', Buffer.from('body'), 'end']],
  ['a large piece between small ones', ['size\r\n', LARGE, '\r\n']],
  ['large pieces', [LARGE, LARGE]],
];
for (const [what, pieces] of mixtures) {
  for (const takes of [0, 1, 5, 7, 70_000]) {
    test(`what a socket that takes ${takes} bytes at first does not take of ${what} waits on`, () => {
      const socket = new FakeSocket(takes);
      const outgoing = of(...pieces);
      const total = outgoing.length;
      outgoing.writeTo(socket);
      expect(outgoing.length).toBe(Math.max(0, total - takes));
      outgoing.push('more');
      socket.room = Number.POSITIVE_INFINITY;
      outgoing.writeTo(socket);
      expect(outgoing.length).toBe(0);
      expect(socket.writes.join('')).toBe(`${pieces.map(asText).join('')}more`);
    });
  }
}

test('what waits is not what others write meanwhile', () => {
  const slow = new FakeSocket(2);
  const outgoing = of('abcdef');
  outgoing.writeTo(slow);
  of('XXXXXXXXX').writeTo(new FakeSocket());
  slow.room = 10;
  outgoing.writeTo(slow);
  expect(slow.writes.join('')).toBe('abcdef');
});

test('a closed socket takes nothing', () => {
  const outgoing = of('abc');
  outgoing.writeTo({ write: () => -1 });
  expect(outgoing.length).toBe(3);
});

function of(...pieces: Piece[]): Outgoing {
  const outgoing = new Outgoing();
  for (const piece of pieces) outgoing.push(piece);
  return outgoing;
}

function asText(piece: Piece): string {
  return typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1');
}

/** Takes as many bytes as it has room for. */
class FakeSocket implements Writable {
  readonly writes: string[] = [];
  room: number;

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room;
  }

  write(data: Uint8Array, offset = 0, length = data.length - offset): number {
    const taken = Math.min(this.room, length);
    this.room -= taken;
    if (taken > 0) this.writes.push(Buffer.from(data.slice(offset, offset + taken)).toString('latin1'));
    return taken;
  }
}
