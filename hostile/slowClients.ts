/**
 * Question: do healthy requests keep their answers while a crowd of slow clients holds on?
 *
 * Method: one gateway and one upstream on loopback. A client sends a signed request every 20 ms and times its
 * answer: first in quiet, then under slowhttptest's three modes (heads, bodies and readers that dribble), each with
 * as many connections as are named. Prints a table. Needs slowhttptest.
 *
 *     bun hostile/slowClients.ts [connections, 2000] [seconds for each mode, 20] [--tls]
 */
import { CA, FILES } from '../server/testing/certificates.ts';
import { installed } from '../server/testing/installed.ts';
import { type GatewayProcess, startGatewayProcess } from './gatewayProcess.ts';
import { type SoakUpstream, startSoakUpstream } from './upstream.ts';

const connections = Number(process.argv[2] ?? 2000);
const seconds = Number(process.argv[3] ?? 20);
const slowhttptest = installed('slowhttptest');
if (slowhttptest === null) throw new Error('slowhttptest is not installed');

using upstream = startSoakUpstream();
const tls = process.argv.includes('--tls') ? ['--tls-cert', FILES.cert, '--tls-key', FILES.key] : [];
await using gateway = await startGatewayProcess(tls);

const rows = [
  `| Clients | Requests | Failed | p50 | p99 | Memory, most |`,
  `| --- | --- | --- | --- | --- | --- |`,
];
rows.push(await measured('quiet', null));
rows.push(
  await measured('heads that dribble', ['-H', '-u', gateway.sign(`${upstream.origin}/small`, 'GET')]),
);
rows.push(
  await measured('bodies that dribble', [
    ...['-B', '-s', '8192', '-t', 'POST', '-u', gateway.sign(`${upstream.origin}/echo`, 'POST')],
  ]),
);
rows.push(
  await measured('readers that dribble', [
    ...['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-k', '1'],
    ...['-u', gateway.sign(`${upstream.origin}/large`, 'GET')],
  ]),
);
process.stdout.write(`${rows.join('\n')}\n`);
process.stdout.write(`\nleft at the upstream 2 s later: ${await left(upstream)} of its requests\n`);

/** One line of the table. The crowd is slowhttptest's, or nobody's. */
async function measured(name: string, mode: string[] | null): Promise<string> {
  const crowd =
    mode === null
      ? null
      : Bun.spawn(
          [
            ...[slowhttptest!, '-c', String(connections), '-r', '500', '-i', '5', '-x', '24', '-p', '5'],
            ...['-l', String(seconds), ...mode],
          ],
          { stdout: 'ignore', stderr: 'ignore' },
        );
  const until = performance.now() + seconds * 1000;
  const times: number[] = [];
  let failed = 0;
  let memory = 0;
  while (performance.now() < until) {
    const next = Bun.sleep(20);
    const started = performance.now();
    if (await asks(gateway, upstream)) times.push(performance.now() - started);
    else failed++;
    memory = Math.max(memory, (await gateway.usage()).memory);
    await next;
  }
  await crowd?.exited;
  times.sort((one, other) => one - other);
  const at = (share: number) => `${times[Math.floor(times.length * share)]?.toFixed(1)} ms`;
  const megabytes = Math.round(memory / 1024 / 1024);
  return `| ${name} | ${times.length + failed} | ${failed} | ${at(0.5)} | ${at(0.99)} | ${megabytes} MiB |`;
}

async function asks({ sign }: GatewayProcess, { origin }: SoakUpstream): Promise<boolean> {
  try {
    const options = { signal: AbortSignal.timeout(10_000), tls: { ca: CA } };
    const answer = await fetch(sign(`${origin}/small`, 'GET'), options);
    return answer.status === 200 && (await answer.text()) === '{"answer":42}';
  } catch {
    return false;
  }
}

async function left({ open }: SoakUpstream): Promise<number> {
  await Bun.sleep(2000);
  return open;
}
