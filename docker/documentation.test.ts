import { expect, test } from 'bun:test';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServe } from '../cli/testing/startServe.ts';

const DOCUMENT = await Bun.file(new URL('../docs/docker.md', import.meta.url)).text();

interface Service {
  command: string;
  environment: Record<string, string>;
  stop_grace_period: string;
}

test("the compose file's command, variables and secrets start a gateway without a warning", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signway-compose-'));
  try {
    const { command, environment } = service();
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries(environment)) {
      env[name] = value.replace('/run/secrets', folder);
      if (!name.endsWith('_FILE')) continue;
      await Bun.write(env[name], name === 'SW_SECRET_FILE' ? 'a'.repeat(40) : 'Authorization: Bearer key');
      await chmod(env[name], 0o400);
    }
    await using gateway = await startServe(command.split(' '), { env });
    expect(await gateway.stderr(/Listening/)).toStartWith('Listening on');
  } finally {
    await rm(folder, { recursive: true });
  }
}, 30_000);

test("the compose file's engine waits for longer than the gateway drains", () => {
  const { command, stop_grace_period } = service();
  const minutes = Number(/--drain (\d+)m/.exec(command)![1]);
  expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(minutes * 60);
});

function service(): Service {
  const text = /```yaml\n(.*?)```/s.exec(DOCUMENT)![1]!;
  return (Bun.YAML.parse(text) as { services: { signway: Service } }).services.signway;
}
