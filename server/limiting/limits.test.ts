import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { App } from '../apps.ts';
import { createMemoryStore } from '../stores/memoryStore.ts';
import { type Store, StoreUnavailable } from '../stores/store.ts';
import { APP, startGateway } from '../testing/gateway.ts';
import { RawClient, rawRequest } from '../testing/rawClient.ts';
import { startUpstream, type UpstreamConnection } from '../testing/scriptedUpstream.ts';
import type { AppLimits } from './appLimits.ts';
import { createLimiter, type LimitedRequest } from './limiter.ts';

// Machines are slow and loaded, and nothing here is about time.
setDefaultTimeout(60_000);

const MINUTE = 60_000;
const EVENTS = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const json = (value: unknown) => {
  const text = JSON.stringify(value);
  return `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
};

function appWith(options: Partial<App>): App {
  return { id: APP.id, secrets: [APP.secret], upstreams: [{ origin: '*', headers: [] }], ...options };
}

/** A gateway with one app, and an upstream that answers `{}` unless it is told otherwise. */
async function start(
  app: Partial<App>,
  { answer = json({}), store }: { answer?: string; store?: Store } = {},
) {
  const upstream = await startUpstream((connection) => connection.send(answer));
  const gateway = startGateway({ apps: [appWith(app)], ...(store === undefined ? {} : { store }) });
  return {
    upstream,
    gateway,
    ask: (options: Parameters<typeof gateway.sign>[1] = {}, init: RequestInit = {}) =>
      fetch(gateway.sign(upstream.origin, options), { method: options.method ?? 'GET', ...init }),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const codeOf = (response: Response) => response.headers.get('x-sw-error');

describe('requests in a window', () => {
  const limits = { requests: { limit: 3, window: MINUTE } } satisfies AppLimits;

  test('pass up to the limit, however many come at once, and say what is left', async () => {
    await using setup = await start({ limits });
    const answers = await Promise.all(Array.from({ length: 20 }, () => setup.ask()));
    const passed = answers.filter(({ status }) => status === 200);
    expect(passed).toHaveLength(3);
    expect(passed.map(({ headers }) => headers.get('ratelimit')).sort()).toEqual([
      expect.stringMatching(/^"app-requests";r=0;t=\d+$/),
      expect.stringMatching(/^"app-requests";r=1;t=\d+$/),
      expect.stringMatching(/^"app-requests";r=2;t=\d+$/),
    ]);
    expect(passed[0]!.headers.get('ratelimit-policy')).toBe('"app-requests";q=3;w=60');
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(17);
    for (const answer of refused) {
      expect(codeOf(answer)).toBe('rate_limited');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('ratelimit')).toMatch(/^"app-requests";r=0;t=\d+$/);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  test('are counted for each subject apart, and for those without one together', async () => {
    await using setup = await start({ subjectLimits: { requests: { limit: 1, window: MINUTE } } });
    const statuses = [];
    for (const subject of ['alice', 'alice', 'bob', undefined, undefined]) {
      statuses.push((await setup.ask(subject === undefined ? {} : { subject })).status);
    }
    expect(statuses).toEqual([200, 429, 200, 200, 429]);
    expect(setup.gateway.records.map(({ subject }) => subject)).toEqual([
      'alice',
      'alice',
      'bob',
      null,
      null,
    ]);
  });

  test('that were refused for another reason are not counted', async () => {
    await using setup = await start({ limits, required: ['subject'] });
    for (let i = 0; i < 5; i++) expect(codeOf(await setup.ask())).toBe('extension_required');
    expect((await setup.ask({ subject: 'a' })).headers.get('ratelimit')).toContain('r=2');
  });

  test('replace what the upstream says of its own', async () => {
    const answer = json({})
      .replace('\r\n', '\r\nRateLimit: "theirs";r=9\r\nSet-Cookie: a=b\r\nX-Kept: 1\r\n')
      .replace('\r\n\r\n', '\r\nRateLimit-Policy: "theirs";q=9\r\n\r\n');
    await using setup = await start({ limits }, { answer });
    const { headers } = await setup.ask();
    expect(headers.get('ratelimit')).toBe('"app-requests";r=2;t=60');
    expect(headers.get('x-kept')).toBe('1');
    expect(headers.get('set-cookie')).toBeNull();
  });
});

describe('streams at the same time', () => {
  test('are freed in every ending', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ apps: [appWith({ limits: { streams: 1 } })] });
    const endings: ((client: RawClient, connection: UpstreamConnection) => void)[] = [
      (_, connection) => connection.send('0\r\n\r\n'),
      (_, connection) => void connection.socket.destroy(),
      (client) => client.leave(),
    ];
    for (const end of endings) {
      using client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(upstream.origin)));
      const connection = await upstream.next();
      connection.send(`${EVENTS}${chunk('data: 1\n\n')}`);
      await client.receive(/data: 1/);
      const refused = await fetch(gateway.sign(upstream.origin));
      expect([refused.status, codeOf(refused)]).toEqual([429, 'too_many_streams']);
      const ended = gateway.nextRecord();
      end(client, connection);
      await ended;
    }
    expect(gateway.records.map(({ ending }) => ending).filter((ending) => ending !== 'refused')).toEqual([
      'complete',
      'broken',
      'client_gone',
    ]);
    const last = fetch(gateway.sign(upstream.origin));
    (await upstream.next()).send(json({}));
    expect((await last).status).toBe(200);
  });
});

describe('a budget of bytes', () => {
  test('ends the event stream that reaches it, and says so in a last event', async () => {
    await using upstream = await startUpstream();
    const limits = { bytes: { limit: 100, window: MINUTE, reserve: 30 } };
    await using gateway = startGateway({ apps: [appWith({ limits })] });
    using client = new RawClient(gateway);
    client.send(rawRequest(gateway.sign(upstream.origin)));
    const connection = await upstream.next();
    connection.send(EVENTS);
    const event = `data: ${'x'.repeat(22)}\n\n`;
    for (let i = 1; i <= 3; i++) {
      connection.send(chunk(event));
      await client.receive(({ received }) => received.split(event).length === i + 1);
    }
    connection.send(chunk(event));
    const received = await client.finished();
    expect(received).toContain('event: signway.error\ndata: {"type":"urn:signway:problem:budget_exhausted"');
    expect(received).not.toEndWith('0\r\n\r\n');
    const { ending, code, bytesOut } = await recordOf(gateway);
    expect([ending, code, bytesOut]).toEqual(['cut_off', 'budget_exhausted', 90]);
    const next = await fetch(gateway.sign(upstream.origin));
    expect([next.status, codeOf(next)]).toEqual([429, 'budget_exhausted']);
  });

  /** A stream that waits for its store to reserve more. */
  async function waitingStream(onExtend: (reserve: number) => void = () => {}) {
    const limits = { bytes: { limit: 1000, window: MINUTE, reserve: 100 } };
    const store = createMemoryStore();
    const { promise: asked, resolve: extending } = Promise.withResolvers<void>();
    const { promise: goOn, resolve: extend } = Promise.withResolvers<void>();
    let first: string | undefined;
    const slow: Store = {
      ...store,
      async admit(admission) {
        if (admission.id === first) {
          extending();
          await goOn;
          onExtend(admission.budgets[0]!.reserve);
        }
        first ??= admission.id;
        return store.admit(admission);
      },
    };
    const upstream = await startUpstream();
    const gateway = startGateway({ apps: [appWith({ limits })], store: slow });
    const client = new RawClient(gateway);
    client.send(rawRequest(gateway.sign(upstream.origin, { subject: 'mallory' })));
    const connection = await upstream.next();
    connection.send(`${EVENTS}${chunk(`data: ${'x'.repeat(82)}\n\n`)}`);
    await client.receive(/x{82}/);
    connection.send(chunk('data: late\n\n'));
    await asked;
    return {
      upstream,
      gateway,
      client,
      extend,
      async [Symbol.asyncDispose]() {
        client[Symbol.dispose]();
        await gateway[Symbol.asyncDispose]();
        await upstream[Symbol.asyncDispose]();
      },
    };
  }

  test('hands nothing on that was reserved after the stream was cut off', async () => {
    await using waiting = await waitingStream();
    const { gateway, client, extend } = waiting;
    await gateway.revoke({ app: APP.id, subject: 'mallory' });
    await client.receive(/signway\.error/);
    extend();
    expect(await client.finished()).not.toContain('late');
  });

  test('asks for nothing more once the client has left', async () => {
    const asked: number[] = [];
    await using waiting = await waitingStream((reserve) => {
      asked.push(reserve);
      throw new StoreUnavailable('test: answer lost', { perhapsDone: true });
    });
    const ended = waiting.gateway.nextRecord();
    waiting.client.leave();
    await ended;
    waiting.extend();
    await Bun.sleep(20);
    expect(asked).toEqual([100]);
  });

  test('gets back what was reserved for a client that had left by then', async () => {
    await using waiting = await waitingStream();
    const { gateway, upstream, client, extend } = waiting;
    const ended = gateway.nextRecord();
    client.leave();
    expect((await ended).ending).toBe('client_gone');
    extend();
    const next = fetch(gateway.sign(upstream.origin));
    (await upstream.next()).send(json({}));
    expect((await next).headers.get('ratelimit')).toStartWith('"app-bytes";r=810;');
  });

  test('is not charged for what another budget keeps from being handed on', async () => {
    await using upstream = await startUpstream();
    const limits = { bytes: { limit: 10_000, window: MINUTE, reserve: 100 } };
    const subjectLimits = { bytes: { limit: 100, window: MINUTE, reserve: 100 } };
    await using gateway = startGateway({ apps: [appWith({ limits, subjectLimits })] });
    using client = new RawClient(gateway.port);
    client.send(rawRequest(gateway.sign(upstream.origin, { subject: 'mallory' })));
    const connection = await upstream.next();
    connection.send(`${EVENTS}${chunk(`data: ${'x'.repeat(82)}\n\n`)}`);
    await client.receive(/x{82}/);
    connection.send(chunk('data: too much\n\n'));
    expect(await client.finished()).not.toContain('too much');
    const next = fetch(gateway.sign(upstream.origin, { subject: 'alice' }));
    (await upstream.next()).send(json({}));
    expect((await next).headers.get('ratelimit')).toStartWith('"app-bytes";r=9810;');
  });

  test('counts both ways and gives back what was not used', async () => {
    const limits = { bytes: { limit: 1000, window: MINUTE, reserve: 500 } };
    await using setup = await start({ limits }, { answer: json('a'.repeat(98)) });
    const first = await setup.ask({ method: 'POST' }, { body: 'b'.repeat(50) });
    expect(first.headers.get('ratelimit-policy')).toBe('"app-bytes";q=1000;qu="content-bytes";w=60');
    expect(first.headers.get('ratelimit')).toStartWith('"app-bytes";r=500;');
    await first.text();
    const second = await setup.ask();
    expect(second.headers.get('ratelimit')).toStartWith(`"app-bytes";r=${1000 - 150 - 500};`);
  });
});

describe('a budget of tokens', () => {
  const limits = { tokens: { limit: 1000, window: MINUTE, reserve: 300 } } satisfies AppLimits;
  const remaining = (response: Response) =>
    Number(/r=(\d+)/.exec(response.headers.get('ratelimit') ?? '')?.[1]);

  test('reserves what the request asks for, and settles with what the answer reports', async () => {
    const answer = json({ usage: { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50 } });
    await using setup = await start({ limits }, { answer });
    const ask = (body: object) =>
      setup.ask(
        { method: 'POST' },
        { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      );
    expect(remaining(await ask({ max_tokens: 100 }))).toBe(900);
    expect(remaining(await ask({ max_tokens: 950 }))).toBe(0);
    expect(remaining(await ask({}))).toBe(1000 - 100 - 300);
    expect(setup.gateway.records.map(({ tokens }) => tokens)).toEqual([50, 50, 50]);
    const tooMuch = await ask({ max_tokens: 1001 });
    expect([tooMuch.status, codeOf(tooMuch), tooMuch.headers.get('retry-after')]).toEqual([
      429,
      'budget_exhausted',
      null,
    ]);
  });

  test('lets no burst pass, and settles streams in every ending', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ apps: [appWith({ limits })] });
    const clients = Array.from({ length: 10 }, () => {
      const client = new RawClient(gateway);
      return client.send(rawRequest(gateway.sign(upstream.origin)));
    });
    const connections = [await upstream.next(), await upstream.next(), await upstream.next()];
    await Promise.race(clients.map((client) => client.receive(/budget_exhausted/)));
    for (const connection of connections) {
      connection.send(`${EVENTS}${chunk('data: {"usage":{"total_tokens":10}}\n\n')}`);
    }
    await Promise.all(clients.map((client) => client.receive(/total_tokens|budget_exhausted/)));
    expect(upstream.accepted).toBe(3);
    const running = clients.filter(({ received }) => received.includes('total_tokens'));
    expect(running).toHaveLength(3);
    connections[0]!.send(`${chunk('data: {"usage":{"total_tokens":40}}\n\n')}0\r\n\r\n`);
    connections[1]!.socket.destroy();
    await until(() => gateway.records.filter(({ ending }) => ending !== 'refused').length === 2);
    for (const client of running) client.leave();
    await until(() => gateway.records.filter(({ ending }) => ending !== 'refused').length === 3);
    const spent = gateway.records.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0);
    expect(spent).toBe(60);
    const last = fetch(gateway.sign(upstream.origin));
    (await upstream.next()).send(json({}));
    expect(remaining(await last)).toBe(1000 - 60 - 300);
    for (const client of clients) client[Symbol.dispose]();
  });

  test('counts nothing where nothing is reported, and says so; or all of it, where the app says so', async () => {
    for (const [unreported, left] of [
      ['none', 700],
      ['reserved', 400],
    ] as const) {
      await using setup = await start({ limits: { tokens: { ...limits.tokens, unreported } } });
      await (await setup.ask()).text();
      expect(setup.gateway.records[0]!.tokens).toBeNull();
      expect(remaining(await setup.ask())).toBe(left);
    }
  });

  test('asks the upstream for an answer that can be read', async () => {
    await using upstream = await startUpstream((connection) => connection.send(json({})));
    await using gateway = startGateway({ apps: [appWith({ limits })] });
    await fetch(gateway.sign(upstream.origin), { headers: { 'accept-encoding': 'gzip' } });
    expect((await upstream.next()).received).not.toMatch(/accept-encoding/i);
  });
});

describe('a duration', () => {
  test('ends what lasts longer', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ apps: [appWith({ limits: { duration: 80 } })] });
    using client = new RawClient(gateway);
    client.send(rawRequest(gateway.sign(upstream.origin)));
    (await upstream.next()).send(`${EVENTS}${chunk('data: 1\n\n')}`);
    expect(await client.finished()).toContain('signway.error');
    expect((await recordOf(gateway)).ending).toBe('cut_off');
  });

  test('of a month ends nothing at once', async () => {
    await using upstream = await startUpstream();
    const limits = { duration: 30 * 24 * 60 * MINUTE };
    await using gateway = startGateway({ apps: [appWith({ limits })] });
    const answer = fetch(gateway.sign(upstream.origin));
    const connection = await upstream.next();
    await Bun.sleep(50);
    connection.send(json({}));
    expect((await answer).status).toBe(200);
  });

  test('ends what has no answer by then', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ apps: [appWith({ limits: { duration: 80 } })] });
    const answer = fetch(gateway.sign(upstream.origin));
    const connection = await upstream.next();
    expect(codeOf(await answer)).toBe('budget_exhausted');
    await connection.gone;
  });
});

describe('a revocation', () => {
  test('refuses a subject and ends its running streams, and no others', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ apps: [appWith({})] });
    const open = async (subject: string) => {
      const client = new RawClient(gateway);
      client.send(rawRequest(gateway.sign(upstream.origin, { subject })));
      const connection = await upstream.next();
      connection.send(`${EVENTS}${chunk('data: 1\n\n')}`);
      await client.receive(/data: 1/);
      return { client, connection };
    };
    const mallory = await open('mallory');
    const alice = await open('alice');
    await gateway.revoke({ app: APP.id, subject: 'mallory' });
    expect(await mallory.client.finished()).toContain('"code":"revoked"');
    const refused = await fetch(gateway.sign(upstream.origin, { subject: 'mallory' }));
    expect([refused.status, codeOf(refused)]).toEqual([403, 'revoked']);
    alice.connection.send(`${chunk('data: 2\n\n')}0\r\n\r\n`);
    expect(await alice.client.receive(/0\r\n\r\n$/)).toContain('data: 2');
    await gateway.restore({ app: APP.id, subject: 'mallory' });
    const again = fetch(gateway.sign(upstream.origin, { subject: 'mallory' }));
    (await upstream.next()).send(json({}));
    expect((await again).status).toBe(200);
    for (const { client } of [mallory, alice]) client[Symbol.dispose]();
  });

  test('that has lapsed refuses nobody any more', async () => {
    let now = Date.now();
    await using setup = await start({}, { store: createMemoryStore({ clock: () => now }) });
    await setup.gateway.revoke({ app: APP.id, subject: 'mallory' }, { lifetime: MINUTE });
    expect(codeOf(await setup.ask({ subject: 'mallory' }))).toBe('revoked');
    now += MINUTE;
    await until(async () => (await setup.ask({ subject: 'mallory' })).status === 200);
  });

  test('is named before the method, the upstream and the body', async () => {
    await using setup = await start({ upstreams: [{ origin: 'https://api.example.com', headers: [] }] });
    await setup.gateway.revoke({ app: APP.id, nonce: 'stolen' });
    const url = { nonce: 'stolen', methods: ['POST'], bodySchema: { type: 'object' } };
    expect(codeOf(await setup.ask(url))).toBe('revoked');
    expect(codeOf(await setup.ask({ ...url, nonce: 'other' }))).toBe('method_not_allowed');
  });

  test('waits for no head: the request is refused, and the upstream is told that nobody waits', async () => {
    await using upstream = await startUpstream();
    await using gateway = startGateway({ apps: [appWith({})] });
    const answer = fetch(gateway.sign(upstream.origin, { subject: 'mallory' }));
    const connection = await upstream.next();
    await gateway.revoke({ app: APP.id, subject: 'mallory' });
    expect(codeOf(await answer)).toBe('revoked');
    await connection.gone;
    expect(gateway.gauges.upstream.active).toBe(0);
  });

  test('is heard while a hook still thinks', async () => {
    await using upstream = await startUpstream();
    const { promise: thinking, resolve: think } = Promise.withResolvers<void>();
    const { promise: thought, resolve: goOn } = Promise.withResolvers<void>();
    await using gateway = startGateway({
      apps: [appWith({})],
      async beforeUpstream() {
        think();
        await thought;
      },
    });
    const answer = fetch(gateway.sign(upstream.origin, { subject: 'mallory' }));
    await thinking;
    await gateway.revoke({ app: APP.id, subject: 'mallory' });
    goOn();
    expect(codeOf(await answer)).toBe('revoked');
    expect(upstream.accepted).toBe(0);
  });
});

describe('without its store', () => {
  /** A store that can be taken away. */
  function fragile() {
    const store = createMemoryStore();
    const state = { away: false };
    const guarded: Store = {
      ...store,
      admit: (admission) => {
        if (state.away) throw new StoreUnavailable('test: away');
        return store.admit(admission);
      },
      settle: (settlement) => {
        if (state.away) throw new StoreUnavailable('test: away');
        return store.settle(settlement);
      },
    };
    return { store: guarded, state };
  }

  test('an app refuses what it limits or uses once, unless it says otherwise, and recovers', async () => {
    const { store, state } = fragile();
    const limits = { requests: { limit: 100, window: MINUTE } };
    await using setup = await start({ limits }, { store });
    state.away = true;
    const refused = await setup.ask();
    expect([refused.status, codeOf(refused)]).toEqual([503, 'store_unavailable']);
    expect(setup.gateway.records[0]!.reason).toBe('test: away');
    state.away = false;
    expect((await setup.ask()).headers.get('ratelimit')).toContain('r=99');
  });

  test('whatever a store of an embedder’s own fails with counts as being away', async () => {
    const failing: Store = {
      ...createMemoryStore(),
      admit: () => Promise.reject(new RangeError('canary')),
      settle: () => Promise.reject(new RangeError('canary')),
      revocations: () => Promise.reject(new RangeError('canary')),
    };
    await using setup = await start({ limits: { streams: 1 } }, { store: failing });
    expect(codeOf(await setup.ask())).toBe('store_unavailable');
    expect(setup.gateway.records[0]!.reason).toBe('store: failed');
  });

  test('an app that lets requests pass uncounted still refuses nonces', async () => {
    const { store, state } = fragile();
    const limits = { requests: { limit: 1, window: MINUTE } };
    await using setup = await start({ limits, whenStoreIsAway: 'allow' }, { store });
    state.away = true;
    for (let i = 0; i < 3; i++) {
      const passed = await setup.ask();
      expect([passed.status, passed.headers.get('ratelimit')]).toEqual([200, null]);
    }
    expect(codeOf(await setup.ask({ nonce: 'once' }))).toBe('store_unavailable');
  });

  test('what was admitted with its answer lost is given back', async () => {
    const store = createMemoryStore();
    let lost = true;
    const losing: Store = {
      ...store,
      admit(admission) {
        const verdict = store.admit(admission);
        if (!lost) return verdict;
        lost = false;
        throw new StoreUnavailable('test: answer lost', { perhapsDone: true });
      },
    };
    await using setup = await start({ limits: { streams: 1 } }, { store: losing });
    expect(codeOf(await setup.ask())).toBe('store_unavailable');
    expect((await setup.ask()).status).toBe(200);
  });

  /** A request for one of an app's streams. */
  const stream = (id: string, streams: number): LimitedRequest => ({
    id,
    app: { id: 'app', limits: { streams }, subjectLimits: undefined, whenStoreIsAway: 'allow' },
    extensions: { nonce: null, uses: 1, subject: null },
    goodFor: MINUTE,
    bytesIn: 0,
    tokenMaximum: undefined,
  });

  test('a renewal of leases that is late holds no stream that has ended', async () => {
    const store = createMemoryStore({ lease: 60 * MINUTE });
    const { promise: asked, resolve: renewing } = Promise.withResolvers<void>();
    const { promise: goOn, resolve: renew } = Promise.withResolvers<void>();
    const { promise: done, resolve: renewed } = Promise.withResolvers<void>();
    const late: Store = {
      ...store,
      async renew(streams) {
        renewing();
        await goOn;
        await store.renew(streams);
        renewed();
      },
    };
    const limiter = createLimiter({ store: late, renewInterval: 10 });
    const hold = await limiter.admit(stream('ended', 1));
    await asked;
    hold!.end();
    renew();
    await done;
    await until(async () => {
      const next = await Promise.resolve(limiter.admit(stream('next', 1))).catch(() => null);
      next?.end();
      return next !== null;
    });
    await limiter.close();
  });

  test('what passes uncounted is not counted by the renewal of leases either', async () => {
    const { store, state } = fragile();
    const renewed: string[] = [];
    const { promise: renewal, resolve } = Promise.withResolvers<void>();
    const watched: Store = {
      ...store,
      renew(streams) {
        renewed.push(...streams.map(({ id }) => id));
        resolve();
      },
    };
    const limiter = createLimiter({ store: watched, renewInterval: 10 });
    const ask = (id: string) => limiter.admit(stream(id, 5))!;
    state.away = true;
    const uncounted = await ask('uncounted');
    state.away = false;
    const counted = await ask('counted');
    await renewal;
    expect(new Set(renewed)).toEqual(new Set(['counted']));
    for (const hold of [uncounted, counted]) hold.end();
    await limiter.close();
  });

  test('what ends meanwhile is settled afterwards', async () => {
    const { store, state } = fragile();
    let answers = false;
    await using upstream = await startUpstream((connection) => {
      if (answers) connection.send(json({}));
    });
    await using gateway = startGateway({ apps: [appWith({ limits: { streams: 1 } })], store });
    const first = fetch(gateway.sign(upstream.origin));
    const connection = await upstream.next();
    state.away = true;
    connection.send(json({}));
    await (await first).text();
    answers = true;
    state.away = false;
    await until(async () => (await fetch(gateway.sign(upstream.origin))).status === 200);
  });
});

async function recordOf(gateway: {
  records: readonly { ending: string; code: unknown; bytesOut: number }[];
}) {
  await until(() => gateway.records.length > 0);
  return gateway.records[0]!;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(5);
}
