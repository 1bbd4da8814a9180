import { type RunOptions, spawnSignway } from './runSignway.ts';

export interface RunningServe extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<number>;
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
  /** Resolves with all that stderr holds once it matches. */
  stderr(pattern: RegExp): Promise<string>;
  /** Everything on stdout; resolves when the process has closed it. */
  readonly stdout: Promise<string>;
}

/** Runs `signway serve` on a free port of loopback and waits until it listens. */
export async function startServe(args: readonly string[], options: RunOptions = {}): Promise<RunningServe> {
  const child = spawnSignway([...args, '--port', '0', '--host', '127.0.0.1'], options);
  const said = followed(child.stderr);
  const stdout = new Response(child.stdout).text();
  const listening = await said(/Listening on (\S+) /);
  return {
    url: /Listening on (\S+) /.exec(listening)![1]!,
    pid: child.pid,
    exited: child.exited,
    kill: (signal) => child.kill(signal),
    stderr: said,
    stdout,
    async [Symbol.asyncDispose]() {
      // The first signal reaches the process that serves, also where that is a child of this one.
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), 3000);
      await child.exited;
      clearTimeout(last);
    },
  };
}

function followed(stream: ReadableStream<Uint8Array>): (pattern: RegExp) => Promise<string> {
  let text = '';
  let ended = false;
  let news = Promise.withResolvers<void>();
  void (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      text += decoder.decode(bytes, { stream: true });
      news.resolve();
      news = Promise.withResolvers();
    }
    ended = true;
    news.resolve();
  })();
  return async (pattern) => {
    while (!pattern.test(text)) {
      if (ended) throw new Error(`stderr ended without ${pattern}: ${text}`);
      await news.promise;
    }
    return text;
  };
}
