import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WrkOptions {
  connections: number;
  /** The status that every answer must have. */
  status: number;
  /** Compares the body of every answer too, which costs the client some CPU. */
  body?: string;
  seconds: number;
}

/** What wrk saw; times in milliseconds. */
export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Sends GET requests over kept-alive connections, each as soon as the one before was answered. Several URLs of
 * one server are taken in turn.
 *
 * @throws {Error} when an answer has another status or body, or a connection failed
 */
export async function wrk(
  urls: string | readonly string[],
  { connections, status, body, seconds }: WrkOptions,
): Promise<WrkResult> {
  const folder = await mkdtemp(join(tmpdir(), 'signway-wrk-'));
  try {
    const list = typeof urls === 'string' ? [urls] : urls;
    const script = join(folder, 'script.lua');
    await writeFile(join(folder, 'urls'), list.map(requestTarget).join('\n'));
    await writeFile(
      script,
      luaScript({ status, body, targets: list.length > 1 ? join(folder, 'urls') : null }),
    );
    const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', script];
    const child = Bun.spawn([...command, list[0]!], { stdout: 'pipe', stderr: 'pipe' });
    const said = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) throw new Error(`wrk: ${await new Response(child.stderr).text()}`);
    return resultOf(said);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function resultOf(said: string): WrkResult {
  const line = /^RESULT (.*)$/m.exec(said)?.[1];
  if (line === undefined) throw new Error(`wrk said: ${said}`);
  const { wrong, failed, requests, seconds, p50, p99 } = JSON.parse(line) as Record<string, number>;
  if (wrong! > 0) throw new Error(`${wrong} of ${requests} answers were not the one expected`);
  if (failed! > 0) throw new Error(`${failed} connections failed`);
  if (requests === 0) throw new Error('nothing was answered');
  return { requests: requests!, requestsPerSecond: requests! / seconds!, p50: p50!, p99: p99! };
}

/** Without a `response` function wrk does not keep bodies, which is cheaper; a status is checked all the same. */
function luaScript({
  status,
  body,
  targets,
}: Pick<WrkOptions, 'status'> & { body: string | undefined; targets: string | null }): string {
  const checked =
    body === undefined
      ? ''
      : `local expected = ${luaString(body)}
function response(code, headers, body)
  if code ~= ${status} or body ~= expected then wrong = wrong + 1 end
end`;
  const inTurn =
    targets === null
      ? ''
      : `local requests, at = {}, 0
function init()
  for target in io.lines(${luaString(targets)}) do
    requests[#requests + 1] = wrk.format(nil, target)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end`;
  // wrk counts 4xx and 5xx as errors: where a refusal is expected, every answer must be such an error.
  const statusFailures = status < 400 ? 'errors.status' : 'math.max(0, summary.requests - errors.status)';
  return `
wrong = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
${checked}
${inTurn}
function done(summary, latency)
  local errors, counted = summary.errors, 0
  for _, thread in ipairs(threads) do counted = counted + thread:get('wrong') end
  io.write(string.format(
    'RESULT {"wrong":%d,"failed":%d,"requests":%d,"seconds":%f,"p50":%f,"p99":%f}\\n',
    counted + ${statusFailures}, errors.connect + errors.read + errors.write + errors.timeout,
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end`;
}

function luaString(text: string): string {
  return `'${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}'`;
}

function requestTarget(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
