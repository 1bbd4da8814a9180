/** What a run of wrk saw. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  /** Answers that were not 2xx, and connections that failed. */
  readonly errors: number;
}

/** Sends GET requests over `connections` kept-alive connections for `seconds`. */
export async function wrk(
  url: string,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<LoadResult> {
  const child = Bun.spawn(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', url], {
    stdout: 'pipe',
  });
  const said = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`wrk failed: ${said}`);
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(said)?.[1] ?? 0);
  const socketErrors =
    /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said)?.slice(1).map(Number) ?? [];
  return {
    requests: Number(/(\d+) requests in/.exec(said)?.[1]),
    requestsPerSecond: Number(/Requests\/sec: +([\d.]+)/.exec(said)?.[1]),
    p99Ms: milliseconds(/99% +([\d.]+)(us|ms|s)/.exec(said)),
    errors: bad + socketErrors.reduce((sum, each) => sum + each, 0),
  };
}

function milliseconds(match: RegExpExecArray | null): number {
  if (match === null) return Number.NaN;
  return Number(match[1]) * { us: 0.001, ms: 1, s: 1000 }[match[2] as 'us' | 'ms' | 's'];
}
