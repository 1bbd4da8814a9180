import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { descendants } from '../bench/machine/processTree.ts';
import { OTHER_TLS, TLS } from '../server/testing/certificates.ts';
import { Http2Client } from '../server/testing/http2Client.ts';
import { RawClient, rawRequest } from '../server/testing/rawClient.ts';
import { type ScriptedUpstream, startUpstream } from '../server/testing/scriptedUpstream.ts';
import { signUrl } from '../signing/index.ts';
import { EXIT } from './exitCodes.ts';
import { REPEAT_WINDOW } from './signalGate.ts';
import { runSignway } from './testing/runSignway.ts';
import { type RunningServe, startServe } from './testing/startServe.ts';
import { temporaryFolder } from './testing/temporaryFolder.ts';

const SECRET = 'a-secret-of-more-than-32-bytes-abcdefgh';
const APP = ['my-id', SECRET, '--allow-network', '127.0.0.0/8'];
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const ONE = `${HEAD}b\r\ndata: one\n\n\r\n`;
const END = 'b\r\ndata: two\n\n\r\n0\r\n\r\n';
const HI = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';
const STREAMS = 20;

function signed(host: string, proxyUrl: string, changes: object = {}): string {
  return signUrl({ id: 'my-id', secret: SECRET, host, proxyUrl, method: 'GET', expiry: 60, ...changes });
}

/** Streams over connections of their own, which the system spreads over the workers. */
async function openStreams(gateway: RunningServe, upstream: ScriptedUpstream, count = STREAMS) {
  const { port } = new URL(gateway.url);
  const clients = Array.from({ length: count }, () =>
    new RawClient(Number(port)).send(rawRequest(signed(gateway.url, `${upstream.origin}/`))),
  );
  const connections = await Promise.all(clients.map(() => upstream.next()));
  await Promise.all(clients.map((client) => client.receive(/data: one/)));
  return { clients, connections };
}

const isWhole = ({ received }: RawClient) => received.endsWith('0\r\n\r\n');

/** Asks on a connection of its own each time. */
const ask = async (url: string) => {
  const answer = await fetch(url, { headers: { Connection: 'close' } });
  return answer.headers.get('x-sw-error') ?? answer.status;
};

/** What every worker does in its own time: asks until twenty answers in a row are as they should be. */
async function untilAll<T>(wanted: T, question: () => Promise<T>): Promise<void> {
  for (let inARow = 0; inARow < 20; inARow++) if ((await question()) !== wanted) inARow = -1;
}

describe('signway serve --workers', () => {
  test('serves by so many processes on one port, which no other gateway can have', async () => {
    await using upstream = await startUpstream(({ send }) => send(HI));
    await using gateway = await startServe([...APP, '--workers', '3']);
    expect(await gateway.stderr(/Listening/)).toContain("for app 'my-id', with 3 workers");
    expect(descendants(gateway.pid)).toHaveLength(3);
    expect(await ask(signed(gateway.url, `${upstream.origin}/`))).toBe(200);
    const { port } = new URL(gateway.url);
    for (const further of [[], ['--workers', '2']]) {
      const second = await runSignway([...APP, '--host', '127.0.0.1', '--port', port, ...further]);
      expect([second.code, second.stderr]).toEqual([
        EXIT.failed,
        expect.stringContaining(`port ${port} is in use`),
      ]);
    }
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(EXIT.done);
    const said = await gateway.stderr(/./);
    for (const once of ['Listening', 'on the command line', 'no new requests']) {
      expect([once, said.split(once).length - 1]).toEqual([once, 1]);
    }
    expect(JSON.parse(await gateway.stdout)).toMatchObject({ app: 'my-id', status: 200 });
  }, 60_000);

  test('loses the streams of a worker that dies, and no others, and starts another', async () => {
    await using upstream = await startUpstream(({ send }, head) => send(head.includes('/hi') ? HI : ONE));
    await using gateway = await startServe([...APP, '--workers', '2']);
    const { clients, connections } = await openStreams(gateway, upstream);
    const [victim] = descendants(gateway.pid);
    process.kill(victim!, 'SIGKILL');
    await gateway.stderr(new RegExp(`worker ${victim} was ended by SIGKILL, and its streams are lost`));
    await gateway.stderr(/worker \d+ serves in its place/);
    for (const connection of connections) connection.send(END);
    await Promise.all(clients.map((client) => client.receive(() => isWhole(client))));
    const lost = clients.filter((client) => !isWhole(client));
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(STREAMS);
    expect(descendants(gateway.pid)).toHaveLength(2);
    for (let time = 0; time < 10; time++)
      expect(await ask(signed(gateway.url, `${upstream.origin}/hi`))).toBe(200);
  }, 60_000);

  test('serves on while a file that was broken meanwhile lets no worker start, and starts one when it is mended', async () => {
    using folder = temporaryFolder();
    const config = (id: string) =>
      JSON.stringify({
        apps: [{ id, secrets: [SECRET], upstreams: [{ origin: 'http://127.0.0.1:1' }] }],
      });
    const path = folder.write('signway.config.json', config('my-id'));
    await using gateway = await startServe(['--config', path, '--workers', '2']);
    folder.write('signway.config.json', '{');
    const [victim] = descendants(gateway.pid);
    process.kill(victim!, 'SIGKILL');
    await gateway.stderr(/(?:worker \d+ has ended with 3 before it listened; .*?in 3s.*?){2}/s);
    expect(await ask(signed(gateway.url, 'http://127.0.0.1:1/'))).toBe('upstream_not_allowed');
    folder.write('signway.config.json', config('my-id'));
    await gateway.stderr(/worker \d+ serves in its place/);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(EXIT.done);
  }, 60_000);

  test('lets the streams of all end after a signal, which a repeat within a second does not change', async () => {
    await using upstream = await startUpstream(({ send }) => send(ONE));
    await using gateway = await startServe([...APP, '--workers', '2', '--drain', '20s']);
    const { clients, connections } = await openStreams(gateway, upstream);
    const workers = descendants(gateway.pid);
    // As Ctrl-C does it, every process of the group gets it.
    for (const pid of [gateway.pid, ...workers]) process.kill(pid, 'SIGINT');
    await gateway.stderr(/no new requests/);
    for (const connection of connections) connection.send(END);
    await Promise.all(clients.map((client) => client.receive(() => isWhole(client))));
    expect(clients.filter((client) => !isWhole(client))).toEqual([]);
    expect(await gateway.exited).toBe(EXIT.done);
    const lines = (await gateway.stdout).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).ending)).toEqual(Array(STREAMS).fill('complete'));
  }, 60_000);

  test('breaks them off at a second signal, a second later', async () => {
    await using upstream = await startUpstream(({ send }) => send(ONE));
    await using gateway = await startServe([...APP, '--workers', '2', '--drain', '1h']);
    const { clients } = await openStreams(gateway, upstream);
    gateway.kill('SIGTERM');
    await gateway.stderr(/no new requests/);
    // Real time is what is tested here: the window runs in other processes.
    await Bun.sleep(REPEAT_WINDOW + 100);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(EXIT.failed);
    await Promise.all(clients.map((client) => client.finished()));
    expect(clients.some(isWhole)).toBe(false);
    const lines = (await gateway.stdout).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).ending)).toEqual(Array(STREAMS).fill('shut_down'));
  }, 60_000);

  test('leaves no worker behind when it is killed itself, and lets their streams end', async () => {
    await using upstream = await startUpstream(({ send }) => send(ONE));
    await using gateway = await startServe([...APP, '--workers', '2']);
    const { clients, connections } = await openStreams(gateway, upstream);
    const workers = descendants(gateway.pid);
    const environment = readFileSync(`/proc/${workers[0]}/environ`, 'latin1');
    const { memory } = JSON.parse(/\0SIGNWAY_WORKER=([^\0]+)/.exec(environment)![1]!);
    expect(existsSync(memory)).toBe(true);
    process.kill(gateway.pid, 'SIGKILL');
    await gateway.exited;
    for (const connection of connections) connection.send(END);
    await Promise.all(clients.map((client) => client.receive(() => isWhole(client))));
    expect(clients.filter((client) => !isWhole(client))).toEqual([]);
    // Nothing tells of the end of a process that is no child. Its stderr would, but Bun 1.4.5 at times misses the end
    // of a pipe that outlives the child it was made for.
    while (workers.some((pid) => existsSync(`/proc/${pid}/fd/0`))) await Bun.sleep(20);
    expect(existsSync(memory)).toBe(false);
  }, 60_000);

  test('gives up on a worker that dies again and again', async () => {
    await using gateway = await startServe([...APP, '--workers', '1']);
    let [worker] = descendants(gateway.pid);
    for (let deaths = 1; deaths <= 6; deaths++) {
      process.kill(worker!, 'SIGKILL');
      const served = new RegExp(`(?:worker \\d+ serves in its place[^]*){${deaths}}`);
      const said = await gateway.stderr(served);
      worker = Number([...said.matchAll(/worker (\d+) serves/g)].at(-1)![1]);
    }
    process.kill(worker!, 'SIGKILL');
    expect(await gateway.exited).toBe(EXIT.failed);
    expect(await gateway.stderr(/./)).toContain('again and again: no other is started, and all stop');
  }, 60_000);

  test('counts the uses of a nonce once, whichever worker is asked', async () => {
    await using upstream = await startUpstream(({ send }) => send(HI));
    await using gateway = await startServe([...APP, '--workers', '2']);
    const url = signed(gateway.url, `${upstream.origin}/`, { nonce: 'once' });
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(url)));
    expect(answers.filter((answer) => answer === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'already_used')).toHaveLength(29);
  }, 60_000);

  test('hands SIGHUP on, so that all read the configuration again; one says so', async () => {
    const config = (secret: string, origin: string) =>
      JSON.stringify({
        allowNetworks: ['127.0.0.0/8'],
        workers: 2,
        apps: [{ id: 'my-id', secrets: [secret], upstreams: [{ origin }] }],
      });
    using folder = temporaryFolder();
    await using upstream = await startUpstream(({ send }) => send(HI));
    const path = folder.write('signway.config.json', config('old'.repeat(12), upstream.origin));
    await using gateway = await startServe(['serve', '--config', path]);
    expect(descendants(gateway.pid)).toHaveLength(2);
    const askWith = (secret: string) =>
      ask(signed(gateway.url, `${upstream.origin}/`, { secret: secret.repeat(12) }));
    expect(await askWith('new')).toBe('signature_mismatch');
    folder.write('signway.config.json', config('new'.repeat(12), upstream.origin));
    process.kill(gateway.pid, 'SIGHUP');
    await untilAll<string | number>(200, () => askWith('new'));
    const said = await gateway.stderr(/Reloaded/);
    expect(said.match(/Reloaded/g)).toHaveLength(1);
  }, 60_000);

  test('listens for TLS in each, and each takes a renewed certificate', async () => {
    using folder = temporaryFolder();
    const files = [
      '--tls-cert',
      folder.write('cert.pem', TLS.cert),
      '--tls-key',
      folder.write('key.pem', TLS.key),
    ];
    await using gateway = await startServe([...APP, '--workers', '2', ...files]);
    const certificate = async () => {
      using client = new Http2Client(gateway.url, { checksName: false });
      return (await client.certificate).includes('other.test');
    };
    expect(await certificate()).toBe(false);
    folder.write('cert.pem', OTHER_TLS.cert);
    await untilAll(true, certificate);
  }, 60_000);

  test('says once, with its reason, that workers cannot start', async () => {
    const ran = await runSignway([
      ...APP,
      '--port',
      '0',
      '--workers',
      '1',
      '--store',
      'sqlite:/no/such/folder/x',
    ]);
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stderr.match(/error:/g)).toHaveLength(1);
    expect(ran.stderr).toContain('the store /no/such/folder/x cannot be opened');
  }, 30_000);

  test.each(['0', '-1', '1.5', 'many', '1000'])('refuses %s', async (count) => {
    const ran = await runSignway([...APP, `--workers=${count}`]);
    expect([ran.code, ran.stderr]).toEqual([EXIT.usage, expect.stringContaining('--workers must be')]);
  });
});
