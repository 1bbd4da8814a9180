import { expect, test } from 'bun:test';
import { FRONTS } from './testing/gateway.ts';

/** In a process of its own, since what a listener throws is for the process. */
const program = (front: string) => `
  import { startGateway } from './testing/gateway.ts';
  const thrown = [];
  process.on('uncaughtException', ({ message }) => thrown.push(message));
  const gateway = startGateway({
    front: ${JSON.stringify(front)},
    beforeUpstream: () => new Response('hi'),
    onExchange() {
      throw new Error('mine');
    },
  });
  const refused = await fetch(new URL('/nothing', gateway.url));
  const answered = await fetch(gateway.sign('http://127.0.0.1:9/'));
  const text = await answered.text();
  process.stdout.write(JSON.stringify([refused.status, answered.status, text, thrown, gateway.gauges.requests]));
  process.exit();
`;

test.each(FRONTS)(
  'by the front %s: a listener that throws changes nothing for the client',
  async (front) => {
    const child = Bun.spawn([process.execPath, '-e', program(front)], {
      cwd: import.meta.dir,
      stdout: 'pipe',
      stderr: 'ignore',
    });
    const told = JSON.parse(await new Response(child.stdout).text());
    expect(told).toEqual([404, 200, 'hi', ['mine', 'mine'], 0]);
  },
  30_000,
);
