import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine } from './describeMachine.ts';
import { descriptorLimit } from './descriptorLimit.ts';
import { watchOthers } from './othersCpu.ts';
import { freePort, startProcess } from './startProcess.ts';
import { findTools, TOOLS } from './tools.ts';

setDefaultTimeout(60_000);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signway-machine-'));
});
afterAll(() => rm(folder, { recursive: true }));

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

test('what others use of the machine leaves out what this process and its children use', async () => {
  const untilNow = watchOthers();
  const code = 'while (process.cpuUsage().user < 100_000);';
  await Bun.spawn([process.execPath, '-e', code]).exited;
  const others = untilNow();
  expect(others).toBeGreaterThanOrEqual(0);
  expect(others).toBeLessThanOrEqual(1);
});

test('a process that ends instead of listening is told with its last words', async () => {
  const command = [process.execPath, '-e', "console.error('no such thing'); process.exit(1)"];
  const options = { port: freePort(), folder };
  await expect(startProcess(command, options)).rejects.toThrow('no such thing');
});

test('a process that ignores SIGTERM is ended', async () => {
  const port = freePort();
  const code = `process.on('SIGTERM', () => {});
    Bun.listen({ hostname: '127.0.0.1', port: ${port}, socket: { data() {} } })`;
  const running = await startProcess([process.execPath, '-e', code], { port, folder });
  expect(running.tree.privateBytes()).toBeGreaterThan(0);
  await running.stop();
  expect(running.tree.privateBytes()).toBe(0);
});
