import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startProcess } from '../machine/startProcess.ts';
import { makeCertificates } from '../upstreams/certificates.ts';
import { patternAt } from '../upstreams/pattern.ts';
import { h2load } from './h2load.ts';
import { openLoop } from './openLoop.ts';
import { openStreams } from './openStreams.ts';
import { transferBodies } from './transferBodies.ts';
import { wrk } from './wrk.ts';

setDefaultTimeout(60_000);

describe('the clients against the upstream of streams', () => {
  let upstream: Awaited<ReturnType<typeof startProcess>>;
  let origin: string;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signway-load-'));
    const port = freePort();
    origin = `http://127.0.0.1:${port}`;
    const file = join(import.meta.dirname, '../upstreams/streamUpstream.ts');
    upstream = await startProcess([process.execPath, file, String(port)], { port, folder });
  });
  afterAll(async () => {
    await upstream?.stop();
    await rm(folder, { recursive: true });
  });

  test('whole bodies are counted, also on a connection used again', async () => {
    const options = { size: 200_000, connections: 2, seconds: 0.2 } as const;
    const down = await transferBodies(`${origin}/bytes/200000`, { ...options, direction: 'download' });
    const up = await transferBodies(`${origin}/upload`, { ...options, direction: 'upload' });
    for (const { bytes } of [down, up]) {
      expect(bytes % 200_000).toBe(0);
      expect(bytes).toBeGreaterThan(400_000);
    }
  });

  test('a slow reader takes as long as it should', async () => {
    const { seconds } = await transferBodies(`${origin}/bytes/1000000`, {
      direction: 'download',
      size: 1e6,
      connections: 1,
      seconds: 0,
      bytesPerSecond: 4e6,
    });
    expect(seconds).toBeGreaterThan(0.15);
  });

  test('a body of another length is told', async () => {
    const options = { direction: 'download', connections: 1, seconds: 0 } as const;
    await expect(transferBodies(`${origin}/bytes/10`, { ...options, size: 11 })).rejects.toThrow(
      'of 11 came',
    );
  });

  test('streams stay open and count what comes', async () => {
    const streams = await openStreams(`${origin}/events?rate=50`, 60);
    try {
      const { events, delays } = await streams.observe(0.5);
      expect(events).toBeGreaterThan(0);
      expect(delays).toHaveLength(events);
    } finally {
      streams.close();
    }
  });

  test('a stream that ends is told', async () => {
    const streams = await openStreams(`${origin}/events?rate=50&count=3`, 2);
    await expect(streams.observe(20)).rejects.toThrow('a stream ended');
    streams.close();
  });
});

describe('the clients against a server that does wrong', () => {
  test('a byte that differs is told', async () => {
    await using server = await answering((socket) => {
      const bytes = Buffer.from(patternAt(0, 100));
      bytes[50]! ^= 1;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
      socket.write(bytes);
    });
    const options = { direction: 'download', size: 100, connections: 1, seconds: 0 } as const;
    await expect(transferBodies(server.url, options)).rejects.toThrow('differs');
  });

  test('a status, a body and an end that were not expected are told', async () => {
    const load = { rate: 50, seconds: 0.1, connections: 1, expected: 'right' };
    const answers = {
      'HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\nright': 'answered HTTP/1.1 500',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong': 'answered wrong',
      '': 'a connection ended',
    };
    for (const [answer, told] of Object.entries(answers)) {
      await using server = await answering(
        (socket) => void (answer === '' ? socket.end() : socket.write(answer)),
      );
      await expect(openLoop(server.url, load)).rejects.toThrow(told);
    }
  });

  test('waiting for a slow answer counts for those that were due meanwhile', async () => {
    let pause = 200;
    await using server = await answering((socket) => {
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright'), pause);
      pause = 0;
    });
    const load = { rate: 100, seconds: 0.2, connections: 1, expected: 'right' };
    const { latencies } = await openLoop(server.url, load);
    expect(latencies).toHaveLength(20);
    // The first was answered after 200 ms; the tenth, due at 90 ms, could not be sent before that.
    expect(latencies.at(-10)!).toBeGreaterThan(90);
  });
});

describe.skipIf(Bun.which('h2load') === null || Bun.which('openssl') === null)('h2load', () => {
  let folder: string;
  let tls: { cert: Bun.BunFile; key: Bun.BunFile };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signway-h2load-'));
    const { certificate, key } = await makeCertificates(folder);
    tls = { cert: Bun.file(certificate), key: Bun.file(key) };
  });
  afterAll(() => rm(folder, { recursive: true }));

  for (const protocol of ['h2', 'http/1.1'] as const) {
    test(`takes whole answers over ${protocol}, and tells of one that is short`, async () => {
      let answers = 0;
      using server = Bun.serve({
        ...{ port: 0, hostname: '127.0.0.1', tls, http2: true },
        fetch: () => new Response('x'.repeat(answers++ === 20 ? 99 : 100)),
      });
      const load = { protocol, requests: 20, connections: 4, size: 100 };
      await h2load(server.url.href, load);
      await expect(h2load(server.url.href, load)).rejects.toThrow('1999 bytes');
    });
  }

  test('tells of a status that is not 200, and of another protocol', async () => {
    using server = Bun.serve({
      ...{ port: 0, hostname: '127.0.0.1', tls },
      fetch: () => new Response('x', { status: 500 }),
    });
    const load = { requests: 4, connections: 2, size: 1 };
    await expect(h2load(server.url.href, { ...load, protocol: 'http/1.1' })).rejects.toThrow(
      '0 answers of 4',
    );
    await expect(h2load(server.url.href, { ...load, protocol: 'h2' })).rejects.toThrow('over http/1.1');
  });
});

describe.skipIf(Bun.which('wrk') === null)('wrk', () => {
  const load = { connections: 2, seconds: 1, status: 200 };

  test('counts right answers, and takes several URLs in turn', async () => {
    const asked = new Set<string>();
    using server = serving((request) => {
      asked.add(new URL(request.url).search);
      return new Response('ok\n"\\');
    });
    const urls = ['?a=1', '?a=2', '?a=3'].map((search) => server.url.href + search);
    const { requests, p99 } = await wrk(urls, { ...load, body: 'ok\n"\\' });
    expect(requests).toBeGreaterThan(0);
    expect(p99).toBeGreaterThan(0);
    expect([...asked].sort()).toEqual(['?a=1', '?a=2', '?a=3']);
  });

  test('a single answer with another body or status is told', async () => {
    let answers = 0;
    using body = serving(() => new Response(answers++ === 10 ? 'no' : 'ok'));
    await expect(wrk(body.url.href, { ...load, body: 'ok' })).rejects.toThrow('1 of');
    answers = 0;
    using status = serving(() => new Response('ok', { status: answers++ === 10 ? 500 : 200 }));
    await expect(wrk(status.url.href, load)).rejects.toThrow('1 of');
  });

  test('where a refusal is expected, an answer that is none is told', async () => {
    let answers = 0;
    using refusing = serving(() => new Response('no', { status: 403 }));
    expect((await wrk(refusing.url.href, { ...load, status: 403 })).requests).toBeGreaterThan(0);
    using lax = serving(() => new Response('no', { status: answers++ === 10 ? 200 : 403 }));
    await expect(wrk(lax.url.href, { ...load, status: 403 })).rejects.toThrow('1 of');
  });
});

function serving(fetch: (request: Request) => Response): Bun.Server<undefined> {
  return Bun.serve({ port: 0, hostname: '127.0.0.1', fetch });
}

/** A server that does `answer` for every request it gets. */
async function answering(answer: (socket: Socket) => void): Promise<{ url: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', () => answer(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
