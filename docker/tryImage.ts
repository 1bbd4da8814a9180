/**
 * Builds the image, runs it and prints what was seen: its size, its user, a signed request through it, its health
 * check, a read-only root, no capabilities, SIGTERM while a stream runs. Exits with 1 if anything is not as it should.
 *
 *   docker/makeBase.sh && bun docker/tryImage.ts
 *
 * Needs root, buildah and runc. Other images than those of makeBase.sh: `BUILD=… BASE=… bun docker/tryImage.ts`.
 */
import { signUrl } from '../signing/index.ts';
import { output, readImageConfig, runContainer } from './containerRun.ts';

const build = process.env.BUILD ?? 'localhost/signway-build';
const base = process.env.BASE ?? 'localhost/signway-base';
const image = 'localhost/signway';
let failures = 0;

await output([
  ...['buildah', 'build', '--format', 'docker', '-t', image],
  ...['--build-arg', `BUILD=${build}`, '--build-arg', `BASE=${base}`, `${import.meta.dir}/..`],
]);
const [baseSize, size] = [await sizeOf(base), await sizeOf(image)];
say('size', `${size} MB, of which ${baseSize} MB are ${base}`);
const config = await readImageConfig(image);
say('command', config.Entrypoint.join(' '));

const { promise: secondEvent, resolve: sendSecondEvent } = Promise.withResolvers<void>();
using upstream = Bun.serve({ port: 0, hostname: '127.0.0.1', idleTimeout: 0, fetch: answer });
const started = performance.now();
await using container = await runContainer(image, [
  ...['my-id', 'my-secret', '--header', 'Authorization: Bearer key', '--port', '0'],
  ...['--allow-network', '127.0.0.0/8', '--allow-upstream', upstream.url.origin],
]);
const listening = await container.said(/Listening on \S+:\d+/);
const port = /Listening on \S+:(\d+)/.exec(listening)![1];
say('start', `${Math.round(performance.now() - started)} ms until it listens, runc included`);

const status = await container.status();
check('user', field(status, 'Uid'), '65532 65532 65532 65532');
check('process of the container', field(status, 'NSpid').split(' ').at(-1), '1');
check(
  'capabilities',
  `${field(status, 'CapPrm')} ${field(status, 'CapBnd')}`,
  `${'0'.repeat(16)} ${'0'.repeat(16)}`,
);
check('no new privileges', field(status, 'NoNewPrivs'), '1');
say('memory', `${field(status, 'VmRSS')} resident`);
const write = "fs.writeFileSync('/tmp/file', '')";
const written = await container.exec(['/usr/local/bin/bun', '--eval', write]);
check('read-only root', /EROFS/.exec(written.text)?.[0], 'EROFS');
const [, ...healthCheck] = config.Healthcheck.Test;
check('health check', (await container.exec([...healthCheck, `http://127.0.0.1:${port}`])).text, 'alive');

const stream = (await fetch(signed('/events'))).body!.pipeThrough(new TextDecoderStream()).getReader();
check('signed request, with the header', (await stream.read()).value, 'data: Bearer key\n\n');
await container.signal(config.StopSignal);
await container.said(/no new requests/);
sendSecondEvent();
check('a stream that runs at SIGTERM', (await stream.read()).value, 'data: last\n\n');
check('exit code', String(await container.exited), '0');
process.exitCode = failures === 0 ? 0 : 1;

function answer(request: Request): Response {
  const events = new ReadableStream({
    async start(controller) {
      controller.enqueue(`data: ${request.headers.get('authorization')}\n\n`);
      await secondEvent;
      controller.enqueue('data: last\n\n');
      controller.close();
    },
  });
  return new Response(events.pipeThrough(new TextEncoderStream()), {
    headers: { 'Content-Type': 'text/event-stream' },
  });
}

function signed(path: string): string {
  return signUrl({
    id: 'my-id',
    secret: 'my-secret',
    host: `http://127.0.0.1:${port}`,
    proxyUrl: `${upstream.url.origin}${path}`,
    expiry: 60,
    method: 'GET',
  });
}

async function sizeOf(name: string): Promise<number> {
  const [listed] = JSON.parse(await output(['buildah', 'images', '--json', name]));
  return Number.parseFloat(listed.size);
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.replaceAll('\t', ' ') ?? 'missing';
}

function check(what: string, seen: string | undefined, expected: string): void {
  const good = seen === expected;
  if (!good) failures++;
  say(what, good ? JSON.stringify(seen) : `${JSON.stringify(seen)}, NOT ${JSON.stringify(expected)}`);
}

function say(what: string, seen: string): void {
  process.stdout.write(`${what.padEnd(32)} ${seen}\n`);
}
