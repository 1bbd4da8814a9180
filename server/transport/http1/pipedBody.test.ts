import { expect, test } from 'bun:test';
import { PipedBody } from './pipedBody.ts';

const SOURCE = { pause() {}, resume() {}, piping() {}, cancelled() {}, settled() {} };

/** A reader that takes each piece only when it is told to, and keeps how each was handed over. */
function slowReader() {
  const taken: string[] = [];
  let { promise, resolve } = Promise.withResolvers<void>();
  const take = (how: string, bytes: Uint8Array) => {
    taken.push(`${how} ${Buffer.from(bytes)}`);
    ({ promise, resolve } = Promise.withResolvers<void>());
    return promise;
  };
  return {
    taken,
    sink: {
      write: (bytes: Uint8Array) => take('bytes', bytes),
      writeChunk: (chunk: Uint8Array) => take('chunk', chunk),
    },
    async ready() {
      resolve();
      await promise;
    },
  };
}

function pushChunk(body: PipedBody, data: string): void {
  const size = `${data.length.toString(16)}\r\n`;
  body.pushChunk(Buffer.from(`${size}${data}\r\n`), size.length, size.length + data.length);
}

test('a chunk waits, without its frame, while its reader takes another', async () => {
  const { taken, sink, ready } = slowReader();
  const body = new PipedBody('chunked', SOURCE);
  pushChunk(body, 'before');
  const ending = body.pipe(sink);
  pushChunk(body, 'second');
  expect(taken).toEqual(['bytes before']);
  await ready();
  expect(taken).toEqual(['bytes before', 'bytes second']);
  await ready();
  pushChunk(body, 'third');
  pushChunk(body, 'last');
  body.end({ kind: 'complete' });
  expect(taken.slice(2)).toEqual(['chunk 5\r\nthird\r\n']);
  await ready();
  expect(taken.slice(3)).toEqual(['bytes last']);
  await ready();
  expect(await ending).toEqual({ kind: 'complete' });
});

test('a chunk that comes after the body was given up goes nowhere', async () => {
  const { taken, sink } = slowReader();
  const body = new PipedBody('chunked', SOURCE);
  const ending = body.pipe(sink);
  body.cancel();
  pushChunk(body, 'late');
  expect(await ending).toEqual({ kind: 'aborted' });
  expect(taken).toEqual([]);
});
