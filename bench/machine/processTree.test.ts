import { expect, setDefaultTimeout, test } from 'bun:test';
import { descendants, processTree } from './processTree.ts';

setDefaultTimeout(60_000);

const BURNING = 'while (process.cpuUsage().user < 100_000);';
const STAYING = 'console.log("done"); setTimeout(() => {}, 90_000);';

test('the CPU of a child counts while it runs and when it has ended', async () => {
  await using ended = spawn(
    `Bun.spawnSync([process.execPath, '-e', ${JSON.stringify(BURNING)}]); ${STAYING}`,
  );
  await ended.said('done');
  expect(processTree(ended.pid).cpuSeconds()).toBeGreaterThanOrEqual(0.09);

  const child = JSON.stringify(BURNING + STAYING);
  await using running = spawn(`Bun.spawn([process.execPath, '-e', ${child}], { stdout: 'inherit' })`);
  await running.said('done');
  expect(processTree(running.pid).cpuSeconds()).toBeGreaterThanOrEqual(0.09);
});

test('memory is that of the process itself', async () => {
  await using own = spawn(`globalThis.held = Buffer.alloc(64 << 20, 1); ${STAYING}`);
  await own.said('done');
  expect(processTree(own.pid).privateBytes()).toBeGreaterThan(64 << 20);
});

test('a process that has gone counts nothing', async () => {
  const gone = Bun.spawn(['true']);
  await gone.exited;
  expect(processTree(gone.pid).cpuSeconds()).toBe(0);
});

function spawn(code: string): AsyncDisposable & { pid: number; said(text: string): Promise<void> } {
  const child = Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe' });
  return {
    pid: child.pid,
    async said(text) {
      const reader = child.stdout.getReader();
      for (let seen = ''; !seen.includes(text); ) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended after ${seen}`);
        seen += new TextDecoder().decode(value);
      }
      reader.releaseLock();
    },
    async [Symbol.asyncDispose]() {
      for (const pid of [child.pid, ...descendants(child.pid)]) process.kill(pid, 'SIGKILL');
      await child.exited;
    },
  };
}
