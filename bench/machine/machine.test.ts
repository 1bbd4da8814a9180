import { expect, test } from 'bun:test';
import { describeMachine } from './describeMachine.ts';
import { descriptorLimit } from './descriptorLimit.ts';
import { freePort, startProcess } from './startProcess.ts';
import { findTools, TOOLS } from './tools.ts';

const missing = TOOLS.filter(({ command }) => Bun.which(command) === null);

test.skipIf(missing.length > 0)('every tool tells its version', async () => {
  const versions = await findTools({ log: () => {} });
  expect(Object.keys(versions)).toEqual(TOOLS.map(({ command }) => command));
  expect(Object.values(versions)).not.toContain('unknown');
});

test('the machine is described in a line', () => {
  expect(descriptorLimit()).toBeGreaterThan(100);
  expect(describeMachine()).toMatch(/^\d+ × .+; \d+ GiB; Linux .+ open files$/);
});

test('a process that ends instead of listening is told with its last words', async () => {
  const command = [process.execPath, '-e', "console.error('no such thing'); process.exit(1)"];
  const options = { port: freePort(), folder: '/tmp' };
  await expect(startProcess(command, options)).rejects.toThrow('no such thing');
});

test('a process that ignores SIGTERM is ended', async () => {
  const port = freePort();
  const code = `process.on('SIGTERM', () => {});
    Bun.listen({ hostname: '127.0.0.1', port: ${port}, socket: { data() {} } })`;
  const running = await startProcess([process.execPath, '-e', code], { port, folder: '/tmp' });
  expect(running.tree.privateBytes()).toBeGreaterThan(0);
  await running.stop();
  expect(running.tree.privateBytes()).toBe(0);
}, 60_000);
