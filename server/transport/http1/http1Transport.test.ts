import { afterEach, describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ManualClock } from '../testing/manualClock.ts';
import {
  certificate,
  type RawConnection,
  type RawUpstream,
  type RawUpstreamOptions,
  startRawUpstream,
} from '../testing/rawUpstream.ts';
import { type Transport, TransportError, type UpstreamRequest } from '../transport.ts';
import { describeTransportContract } from '../transportContract.ts';
import { createHttp1Transport, type Http1TransportOptions } from './http1Transport.ts';

describeTransportContract('http1', { create: ({ ca }) => createHttp1Transport({ ca }) });

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const open: (Transport | RawUpstream)[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) {
    if ('close' in one) one.close();
    else await one[Symbol.asyncDispose]();
  }
});

describe('the pool', () => {
  test('carries the next request on the connection of the last one, and says so', async () => {
    const { send, upstream, transport } = await start((connection) => connection.send(OK));
    const first = await send();
    const second = await send();
    expect(first.timing.reused).toBe(false);
    expect(first.timing.connect).toBeGreaterThan(0);
    expect(second.timing).toMatchObject({ reused: true, connect: null });
    expect(upstream.accepted).toBe(1);
    expect(transport.connections).toMatchObject({ active: 0, idle: 1 });
  });

  test('opens at most its bound of TLS connections for 300 requests at once, and uses them again', async () => {
    const { send, upstream } = await start((connection) => connection.send(OK), {
      server: { certificate: 'upstream' },
      maxConnectionsPerOrigin: 20,
    });
    const answers = await Promise.all(Array.from({ length: 300 }, () => send({ scheme: 'https' })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(upstream.accepted).toBe(20);
    expect(upstream.requests).toBe(300);
    await Promise.all(Array.from({ length: 300 }, () => send({ scheme: 'https' })));
    expect(upstream.accepted).toBe(20);
  });

  test('holds 300 streams to one upstream at once without any option', async () => {
    const { send, transport } = await start((connection) =>
      connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'),
    );
    const answers = await Promise.all(Array.from({ length: 300 }, () => send()));
    expect(transport.connections.active).toBe(300);
    for (const { body } of answers) body.cancel();
    expect(transport.connections.active).toBe(0);
  });

  test('keeps no more free connections than it may', async () => {
    const { send, transport } = await start((connection) => connection.send(OK), { maxIdlePerOrigin: 3 });
    await Promise.all(Array.from({ length: 10 }, () => send()));
    expect(transport.connections).toMatchObject({ active: 0, idle: 3 });
  });

  test('refuses one more than may wait as overloaded', async () => {
    const { send, controller } = await start(() => {}, { maxConnectionsPerOrigin: 1, maxWaiting: 2 });
    const pending = [send(), send(), send()].map(failureOf);
    expect(await failureOf(send())).toMatchObject({ code: 'overloaded', reason: 'pool: too many waiting' });
    controller.abort();
    for (const failure of pending) expect((await failure).code).toBe('aborted');
  });

  test('refuses a request that waited for its time as overloaded', async () => {
    const clock = new ManualClock();
    const { send, connection } = await start(null, { maxConnectionsPerOrigin: 1, queueTimeout: 100, clock });
    const first = send();
    await connection;
    const failure = failureOf(send());
    clock.advance(99);
    expect(Bun.peek.status(failure)).toBe('pending');
    clock.advance(1);
    expect(await failure).toMatchObject({ code: 'overloaded', reason: 'pool: waited too long' });
    (await connection).send(OK);
    expect((await first).status).toBe(200);
  });

  test('serves those who wait in their order, and passes over those who left', async () => {
    const targets: string[] = [];
    const { send, connection, transport, port } = await start(
      (connection, head) => {
        targets.push(head.slice(4, 6));
        if (targets.length > 1) connection.send(OK);
      },
      { maxConnectionsPerOrigin: 1 },
    );
    const first = send({ target: '/1' });
    const leaver = new AbortController();
    const left = failureOf(transport.send({ ...REQUEST, port, target: '/2' }, leaver.signal));
    const rest = [send({ target: '/3' }), send({ target: '/4' })];
    leaver.abort();
    expect((await left).code).toBe('aborted');
    (await connection).send(OK);
    await Promise.all([first, ...rest]);
    expect(targets).toEqual(['/1', '/3', '/4']);
  });

  test('opens a new connection for one who waits when the old one breaks', async () => {
    const { send, upstream } = await start(
      (connection) => (connection.index === 0 ? connection.reset() : connection.send(OK)),
      { maxConnectionsPerOrigin: 1 },
    );
    const [first, second] = [failureOf(send({ method: 'POST' })), send()];
    expect((await first).code).toBe('upstream_unreachable');
    expect((await second).status).toBe(200);
    expect(upstream.accepted).toBe(2);
  });

  test('closes a free connection at its time, not before', async () => {
    const clock = new ManualClock();
    const { send, transport, connection } = await start((connection) => connection.send(OK), {
      idleTimeout: 1000,
      clock,
    });
    await send();
    clock.advance(999);
    expect(transport.connections.idle).toBe(1);
    clock.advance(1);
    expect(transport.connections.idle).toBe(0);
    await (await connection).gone;
  });

  test('closes a free connection a second before the time that Keep-Alive offers', async () => {
    const clock = new ManualClock();
    const { send, transport } = await start(
      (connection) => connection.send(OK.replace('\r\n\r\n', '\r\nKeep-Alive: timeout=5\r\n\r\n')),
      { idleTimeout: 60_000, clock },
    );
    await send();
    clock.advance(3999);
    expect(transport.connections.idle).toBe(1);
    clock.advance(1);
    expect(transport.connections.idle).toBe(0);
  });

  const unfit: Record<string, string> = {
    'Connection: close': 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.0': 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'bytes that nobody asked for': `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    'a 204 with a body': 'HTTP/1.1 204 No Content\r\n\r\nevil',
  };
  for (const [what, bytes] of Object.entries(unfit)) {
    test(`never uses a connection again after ${what}`, async () => {
      const { send, upstream, transport } = await start((connection) => connection.send(bytes));
      await send();
      expect(transport.connections).toMatchObject({ active: 0, idle: 0 });
      await send();
      expect(upstream.accepted).toBe(2);
    });
  }

  test('drops a free connection on which bytes come that nobody asked for', async () => {
    const { send, connection, upstream } = await start((connection) => connection.send(OK));
    await send();
    const first = await connection;
    first.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await first.gone;
    expect(new TextDecoder().decode((await send()).body.whole!)).toBe('ok');
    expect(upstream.accepted).toBe(2);
  });

  for (const body of [new Uint8Array(3), new Uint8Array(100_000)]) {
    test(`takes no bytes for an answer that came before a request of ${body.length} went out`, async () => {
      const { send, connection, upstream } = await start((connection) => connection.send(OK));
      await send();
      const first = await connection;
      const answer = await beforeItIsRead(
        () => first.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'),
        () => send({ method: 'POST', body }),
      );
      expect(new TextDecoder().decode(answer.body.whole!)).toBe('ok');
      expect(upstream).toMatchObject({ accepted: 2, requests: 2 });
    });
  }

  for (const how of ['end', 'reset'] as const) {
    test(`sends a stream on a new connection where the old one has a ${how} before any of it went out`, async () => {
      const { send, connection, upstream } = await start(async (connection) => {
        if (connection.index === 1) await connection.until(/\r\n\r\nabc$/);
        connection.send(OK);
      });
      await send();
      const first = await connection;
      const stream = new Blob(['abc']).stream();
      const answer = await beforeItIsRead(
        () => first[how](),
        () => send({ method: 'POST', body: { stream, length: 3 } }),
      );
      expect(answer).toMatchObject({ status: 200, timing: { reused: false } });
      expect(upstream).toMatchObject({ accepted: 2, requests: 2 });
    });
  }

  test('sends a request of which nothing went out on another connection, as often as that happens', async () => {
    let accepted = 0;
    // An answer and a reset, which are read in one turn: who waits is granted the connection between the two.
    using upstream = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open: () => void accepted++,
        data: (socket) => {
          socket.write(OK);
          socket.terminate();
        },
      },
    });
    const transport = createHttp1Transport({ maxConnectionsPerOrigin: 1 });
    open.push(transport);
    const request = { ...REQUEST, method: 'POST', port: upstream.port };
    const send = () => transport.send(request, new AbortController().signal);
    const answers = await Promise.all(Array.from({ length: 4 }, send));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(accepted).toBe(4);
  });

  test('drops a free connection that the upstream closes', async () => {
    const { send, connection, upstream, transport } = await start((connection) => connection.send(OK));
    await send();
    const first = await connection;
    first.end();
    await first.gone;
    expect(transport.connections.idle).toBe(0);
    expect((await send({ method: 'POST', body: new Uint8Array(3) })).timing.reused).toBe(false);
    expect(upstream.requests).toBe(2);
  });

  test('closes free connections at its end and lets the others come to theirs', async () => {
    const { send, connection, transport } = await start(null);
    const answer = send();
    const upstream = await connection;
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no');
    const { body } = await answer;
    transport.close();
    expect(await failureOf(send())).toMatchObject({ code: 'overloaded', reason: 'pool: closed' });
    const ending = body.pipe({ write() {} });
    upstream.send('k');
    expect(await ending).toEqual({ kind: 'complete' });
    await upstream.gone;
    expect(transport.connections).toMatchObject({ active: 0, idle: 0 });
  });

  test('agrees on HTTP/1.1 with an upstream that would rather speak HTTP/2', async () => {
    const { send, connection } = await start((connection) => connection.send(OK), {
      server: { certificate: 'upstream' },
    });
    await send({ scheme: 'https' });
    expect((await connection).protocol).toBe('http/1.1');
  });

  test('resumes the TLS session of an earlier connection', async () => {
    const { send, upstream } = await start(
      (connection) => connection.send(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
      { server: { certificate: 'upstream' } },
    );
    for (let count = 0; count < 4; count++) await send({ scheme: 'https' });
    expect(upstream.accepted).toBe(4);
    expect(upstream.resumed).toBeGreaterThan(0);
  });
});

test('an answer that came whole is whole, though a reset comes right behind it', async () => {
  const { send } = await start((connection) => {
    connection.send(OK);
    connection.reset();
  });
  for (let count = 0; count < 5; count++) {
    // By a pool of its own, as the last one's connection may not be known to be gone yet.
    const { status, body } = await send({ hostname: `upstream${count}.test` });
    expect([status, body.whole?.length]).toEqual([200, 2]);
  }
});

test('an answer that has been read is not too late for what the gateway did meanwhile', async () => {
  const { send, connection } = await start(null);
  const answer = send({ deadlines: { ...REQUEST.deadlines, head: 2000 } });
  answer.catch(() => {});
  const upstream = await connection;
  // What is said is read first, and then waits for the end of a turn that takes long.
  await afterItIsRead(
    () => upstream.send(OK),
    async () => Bun.sleepSync(2000),
  );
  expect((await answer).status).toBe(200);
});

test('a request for which a connection comes free as its time to wait ends is sent, and not refused', async () => {
  const { send, connection } = await start(null, { maxConnectionsPerOrigin: 1, queueTimeout: 2000 });
  const first = send();
  const upstream = await connection;
  const second = send({ target: '/second' });
  second.catch(() => {});
  await afterItIsRead(
    () => upstream.send(OK),
    async () => Bun.sleepSync(2000),
  );
  expect((await first).status).toBe(200);
  await upstream.until(/second/);
  upstream.send(OK);
  expect((await second).status).toBe(200);
});

describe('a connection that went stale', () => {
  /** Answers the first request of a connection and breaks it at the second, as a restarted upstream does. */
  const breaking = (how: 'end' | 'reset', before = '') => {
    const seen = new Set<number>();
    return (connection: RawConnection) => {
      if (!seen.has(connection.index)) {
        seen.add(connection.index);
        connection.send(OK);
      } else if (before !== '') {
        connection.send(before);
        connection.gone.then(() => {});
        setTimeout(() => connection[how](), 10);
      } else connection[how]();
    };
  };

  for (const how of ['end', 'reset'] as const) {
    test(`sends a GET once more, on a new connection, after a ${how}`, async () => {
      const { send, upstream } = await start(breaking(how));
      await send();
      expect(await send()).toMatchObject({ status: 200, timing: { reused: false } });
      expect(upstream).toMatchObject({ requests: 3, accepted: 2 });
    });

    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      test(`never sends a ${method} twice, after a ${how}`, async () => {
        const { send, upstream } = await start(breaking(how));
        await send();
        const failure = await failureOf(send({ method, body: new Uint8Array(10) }));
        expect(failure.code).toBe('upstream_unreachable');
        expect(upstream.requests).toBe(2);
      });
    }
  }

  test('sends a GET once more only, and not at all on a new connection', async () => {
    let requests = 0;
    const { send, upstream } = await start((connection) =>
      requests++ === 0 ? connection.send(OK) : connection.reset(),
    );
    await send();
    expect((await failureOf(send())).reason).toBe('head: connection reset');
    expect(upstream.requests).toBe(3);
    expect((await failureOf(send())).reason).toBe('head: connection reset');
    expect(upstream.requests).toBe(4);
  });

  test('never sends a GET again of whose answer a byte came', async () => {
    const { send, upstream } = await start(breaking('end', 'H'));
    await send();
    expect(await failureOf(send())).toMatchObject({
      code: 'upstream_invalid_response',
      reason: 'head: cut short',
    });
    expect(upstream.requests).toBe(2);
  });

  test('never sends a stream again', async () => {
    const { send, upstream } = await start(breaking('reset'));
    await send();
    const stream = new Blob(['abc']).stream();
    expect((await failureOf(send({ method: 'OPTIONS', body: { stream, length: 3 } }))).code).toBe(
      'upstream_unreachable',
    );
    expect(upstream.requests).toBe(2);
  });
});

test('waits for the head of an answer from the last piece of an upload on', async () => {
  const clock = new ManualClock();
  const { send, connection } = await start(null, { clock });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const deadlines = { ...REQUEST.deadlines, total: 0 };
  const answer = send({ method: 'POST', body: { stream: readable, length: null }, deadlines });
  for (const piece of ['one', 'two', 'three']) {
    writer.write(Buffer.from(piece)).catch(() => {});
    await (await connection).until(new RegExp(`${piece}\r\n$`));
    clock.advance(4999);
  }
  expect(Bun.peek.status(answer)).toBe('pending');
  clock.advance(1);
  expect((await failureOf(answer)).reason).toBe('deadline: head');
});

describe('what it says of a failure', () => {
  const handshakes = {
    'wrong-name': 'tls: name mismatch',
    expired: 'tls: certificate expired',
    untrusted: 'tls: certificate not trusted',
  } as const;
  for (const [shown, reason] of Object.entries(handshakes)) {
    test(`calls the certificate "${shown}" ${reason}`, async () => {
      const { send, upstream } = await start((connection) => connection.send(OK), {
        server: { certificate: shown as keyof typeof handshakes },
      });
      expect(await failureOf(send({ scheme: 'https' }))).toMatchObject({
        code: 'upstream_unreachable',
        reason,
      });
      expect(upstream.bytes).toBe(0);
    });
  }

  test('trusts no private authority unless it is told to', async () => {
    const { port } = await start((connection) => connection.send(OK), {
      server: { certificate: 'upstream' },
    });
    const transport = createHttp1Transport();
    open.push(transport);
    const failure = failureOf(
      transport.send({ ...REQUEST, scheme: 'https', port }, new AbortController().signal),
    );
    expect((await failure).reason).toBe('tls: certificate not trusted');
  });

  test('tells a handshake that is cut off and one that is no TLS', async () => {
    const { send } = await start(null, {
      server: { raw: (socket) => socket.once('data', () => socket.end()) },
    });
    expect((await failureOf(send({ scheme: 'https' }))).reason).toBe('tls: closed in the handshake');
    const plain = await start(null, {
      server: { raw: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') },
    });
    expect((await failureOf(plain.send({ scheme: 'https' }))).reason).toBe('tls: protocol error');
  });

  test('tells a closed port', async () => {
    const { send, upstream } = await start(null);
    await upstream[Symbol.asyncDispose]();
    expect(await failureOf(send())).toMatchObject({
      code: 'upstream_unreachable',
      reason: 'connect: refused',
    });
  });

  test('tells the deadlines apart', async () => {
    const { send } = await start(null);
    const deadlines = { connect: 0, head: 0, silence: 0, total: 0 };
    const reasons = [
      send({ deadlines: { ...deadlines, head: 30 } }),
      send({ deadlines: { ...deadlines, total: 30 } }),
      send({ scheme: 'https', deadlines: { ...deadlines, connect: 30 } }),
    ].map(async (answer) => (await failureOf(answer)).reason);
    expect(await Promise.all(reasons)).toEqual(['deadline: head', 'deadline: total', 'deadline: connect']);
  });
});

test('knows of a request that was repeated, and found nobody, that it may have been sent', async () => {
  let requests = 0;
  const { send, upstream } = await start((connection) => {
    if (++requests === 1) connection.send(OK);
    else upstream[Symbol.asyncDispose]();
  });
  await send();
  expect(await failureOf(send())).toMatchObject({ reason: 'connect: refused', sent: true });
});

test('knows of a request that is given up before any of it went out that it was not sent', async () => {
  const { send, controller, upstream } = await start((connection) => connection.send(OK));
  await send();
  const failure = failureOf(send({ method: 'POST' }));
  controller.abort();
  expect(await failure).toMatchObject({ code: 'aborted', sent: false });
  expect(upstream.requests).toBe(1);
});

test('knows of a request that is given up whether any of it may have been sent', async () => {
  const { send, controller, connection } = await start(null, { maxConnectionsPerOrigin: 1 });
  const first = failureOf(send());
  await connection;
  const late = failureOf(send({ deadlines: { ...REQUEST.deadlines, total: 50 } }));
  expect(await late).toMatchObject({ code: 'upstream_timeout', sent: false });
  const waiting = failureOf(send());
  controller.abort();
  expect(await first).toMatchObject({ code: 'aborted', sent: true });
  expect(await waiting).toMatchObject({ code: 'aborted', sent: false });
  expect(await failureOf(send())).toMatchObject({ code: 'aborted', sent: false });
});

describe('bodies', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('full'))],
  ])('that came with their heads end as aborted where their reader %s', async (_, write) => {
    const { send } = await start((connection) => connection.send(OK));
    const { body } = await send();
    expect(body.whole).not.toBeNull();
    expect(await body.pipe({ write })).toEqual({ kind: 'aborted' });
  });

  test('leaves its connection fit for another where the reader was busy when the rest came', async () => {
    const { send, connection, transport } = await start(null);
    const first = send();
    const one = await connection;
    one.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
    const [taken, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const ending = (await first).body.pipe({
      write() {
        taken.resolve();
        return released.promise;
      },
    });
    await taken.promise;
    one.send('1\r\nb\r\n1\r\nc\r\n0\r\n\r\n');
    while (transport.connections.idle === 0) await new Promise((resolve) => setImmediate(resolve));
    released.resolve();
    expect(await ending).toEqual({ kind: 'complete' });
    const second = send({ target: '/second' });
    await one.until(/second/);
    one.send(OK);
    expect(await second).toMatchObject({ status: 200, timing: { reused: true } });
  });

  test('goes on with an upload after a success has begun, until the answer ends', async () => {
    const { send, connection } = await start(null);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const answer = send({ method: 'POST', body: { stream: readable, length: null } });
    writer.write(Buffer.from('one')).catch(() => {});
    const upstream = await connection;
    await upstream.until(/one\r\n$/);
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n1');
    const { body } = await answer;
    const ending = body.pipe({ write() {} });
    writer.write(Buffer.from('two')).catch(() => {});
    await upstream.until(/two\r\n$/);
    upstream.send('23456');
    expect(await ending).toEqual({ kind: 'complete' });
    await upstream.gone;
  });

  test('passes 32 MB over TLS to a reader who takes his time, unchanged', async () => {
    const piece = Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 7) & 255));
    const pieces = 512;
    const expected = new Bun.CryptoHasher('sha256');
    for (let count = 0; count < pieces; count++) expected.update(piece);
    const { send } = await start(
      (connection) => {
        connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${piece.length * pieces}\r\n\r\n`);
        for (let count = 0; count < pieces; count++) connection.send(piece);
      },
      { server: { certificate: 'upstream' } },
    );
    const received = new Bun.CryptoHasher('sha256');
    let writes = 0;
    const { body } = await send({ scheme: 'https' });
    const ending = await body.pipe({
      write(bytes) {
        received.update(bytes);
        return ++writes % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined;
      },
    });
    expect(ending).toEqual({ kind: 'complete' });
    expect(received.digest('hex')).toBe(expected.digest('hex'));
  });

  test('gives its readers bytes that later reads leave as they are', async () => {
    const { send } = await start(async (connection) => {
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n');
      await connection.dribble('ab'.repeat(100));
    });
    const pieces: Uint8Array[] = [];
    await (await send()).body.pipe({
      write(bytes) {
        pieces.push(bytes);
      },
    });
    expect(pieces.length).toBeGreaterThan(1);
    expect(Buffer.concat(pieces).toString()).toBe('ab'.repeat(100));
  });
});

describe('in disorder', () => {
  test('leaves nothing open after 600 requests of which most are aborted, cut off or malformed', async () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
    const scripts: ((connection: RawConnection) => unknown)[] = [
      (connection) => connection.send(OK),
      (connection) => connection.send(chunked),
      (connection) => connection.dribble(`${chunked}0\r\n\r\n`),
      (connection) => connection.end(chunked),
      (connection) => connection.reset(),
      (connection) => connection.send(`${chunked}zz`),
      (connection) => connection.send(`${OK}surplus`),
      () => {},
    ];
    let served = 0;
    const { port, upstream, transport } = await start(
      (connection) => scripts[served++ % scripts.length]!(connection),
      {
        maxConnectionsPerOrigin: 16,
      },
    );
    const endings = new Set<string>();
    const one = async (index: number) => {
      const controller = new AbortController();
      const method = index % 3 === 0 ? 'POST' : 'GET';
      const body = index % 5 === 0 ? { stream: new Blob(['x'.repeat(5000)]).stream(), length: null } : null;
      const abort = setTimeout(() => controller.abort(), index % 2 === 0 ? 1 + (index % 7) : 100);
      try {
        const answer = await transport.send({ ...REQUEST, port, method, body }, controller.signal);
        const pause = index % 3 === 0 ? Bun.sleep(1) : undefined;
        endings.add((await answer.body.pipe({ write: () => pause })).kind);
      } catch (error) {
        endings.add((error as TransportError).code);
      } finally {
        clearTimeout(abort);
      }
    };
    let next = 0;
    const lane = async () => {
      while (next < 600) await one(next++);
    };
    await Promise.all(Array.from({ length: 24 }, lane));
    expect(transport.connections.active).toBe(0);
    expect([...endings]).toEqual(
      expect.arrayContaining([
        'complete',
        'aborted',
        'broken',
        'upstream_unreachable',
        'upstream_invalid_response',
      ]),
    );
    transport.close();
    expect(transport.connections).toMatchObject({ active: 0, idle: 0 });
    const { promise: empty, resolve } = Promise.withResolvers<void>();
    const poll = setInterval(() => upstream.open === 0 && resolve(), 5);
    await empty;
    clearInterval(poll);
  });
});

const REQUEST: UpstreamRequest = {
  method: 'GET',
  scheme: 'http',
  hostname: 'upstream.test',
  port: 0,
  address: '127.0.0.1',
  target: '/',
  headers: [['Host', 'upstream.test']],
  body: null,
  deadlines: { connect: 5000, head: 5000, silence: 5000, total: 10_000 },
};

interface StartOptions extends Http1TransportOptions {
  server?: RawUpstreamOptions;
}

/** Without a script the test answers by hand on `connection`, the first one. */
async function start(
  script: ((connection: RawConnection, head: string) => unknown) | null,
  { server, ...options }: StartOptions = {},
) {
  const { promise: connection, resolve } = Promise.withResolvers<RawConnection>();
  const upstream = await startRawUpstream((one, head) => {
    resolve(one);
    script?.(one, head);
  }, server);
  const transport = createHttp1Transport({ ca: certificate('ca'), ...options });
  open.push(transport, upstream);
  const controller = new AbortController();
  const send = (request: Partial<UpstreamRequest> = {}) =>
    transport.send({ ...REQUEST, port: upstream.port, ...request }, controller.signal);
  return { send, upstream, transport, controller, connection, port: upstream.port };
}

/** Has an upstream say something, and does `act` in the turn in which it is read, but before. */
function beforeItIsRead<T>(say: () => void, act: () => Promise<T>): Promise<T> {
  return inOneTurn({ act, before: () => {}, after: say });
}

/** Has an upstream say something, and does `act` in the turn in which it is read, but after. */
function afterItIsRead<T>(say: () => void, act: () => Promise<T>): Promise<T> {
  return inOneTurn({ act, before: say, after: () => {} });
}

async function inOneTurn<T>({
  act,
  before,
  after,
}: {
  act: () => Promise<T>;
  before(): void;
  after(): void;
}): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  using listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { open: (socket) => void socket.write('.'), data: () => resolve(act()) },
  });
  const socket = connect(listener.port, '127.0.0.1');
  await once(socket, 'data');
  before();
  socket.write('.');
  after();
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function failureOf(answer: Promise<unknown>): Promise<TransportError> {
  const failure = await answer.then(
    () => new Error('there was an answer'),
    (error) => error,
  );
  if (!(failure instanceof TransportError)) throw failure;
  return failure;
}
