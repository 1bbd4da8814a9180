import { join } from 'node:path';

export interface DemoOptions {
  /** The real API's key; without one, a stand-in upstream is started and a key made up for it. */
  openaiKey?: string | undefined;
  /** Origin of a chat-completions API that runs already, whose key is `upstreamKey`; for tests. */
  upstream?: { origin: string; key: string };
  /** The page's port; taken ports are replaced by free ones. Default 4400; 0 takes a free one. */
  port?: number;
  /** The children's environment. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Told of everything that the children write to stdout and stderr, as it comes. Default: nobody. */
  onOutput?(text: string): void;
}

export interface Demo {
  page: string;
  gateway: string;
  upstream: string;
  standIn: boolean;
  /** Resolves when a process ends by itself: with its name and what it wrote to stderr. */
  failed: Promise<string>;
  /** Ends every process and resolves when all have ended. */
  stop(): Promise<void>;
}

const FOLDER = import.meta.dirname;
const MODEL = 'gpt-4o-mini';

/**
 * Starts the upstream, Signway's own command line and the backend, each a process of its own, on loopback.
 *
 * **Security.** Each process gets only what it needs, by its environment: Signway the app's secret and the
 * key, the backend the secret, the upstream the key. Both are made up anew at each start; a real key goes to
 * Signway alone. No argument and no output holds either.
 */
export async function startProcesses(options: DemoOptions): Promise<Demo> {
  const { openaiKey, port = 4400, environment, onOutput } = options;
  const secret = randomHex(32);
  const children: Child[] = [];
  const failed = Promise.withResolvers<string>();
  let stopping = false;

  function start(name: string, { args, env, ipc, onSaid }: StartOptions): void {
    const base = Object.fromEntries(PASSED_ON.map((variable) => [variable, environment[variable]]));
    const child = Bun.spawn([process.execPath, ...args], {
      cwd: join(FOLDER, '..'),
      env: { ...base, ...env },
      stdin: 'ignore',
      stdout: onOutput === undefined ? 'ignore' : 'pipe',
      stderr: 'pipe',
      // A session of its own, so that Ctrl-C reaches only the parent, which ends all of them in order.
      detached: true,
      ipc,
    });
    children.push(child);
    const said = collect(child.stderr, (more, all) => {
      onOutput?.(more);
      onSaid?.(all);
    });
    if (child.stdout instanceof ReadableStream) collect(child.stdout, (more) => onOutput?.(more));
    // Not the end of stderr, which a process of the child's own may hold open.
    void child.exited.then(() => {
      if (!stopping) failed.resolve(`${name} ended unexpectedly. ${said()}`.trim());
    });
  }

  /** Starts a server of ours and resolves with its origin once it listens. */
  function startServer(file: string, env: Record<string, string>): Promise<string> {
    const ready = Promise.withResolvers<string>();
    start(file, { args: [join(FOLDER, file)], env, ipc: ({ origin }) => ready.resolve(origin) });
    return orFailure(ready.promise, failed.promise);
  }

  /** Starts Signway's command line and resolves with its origin, which it says once it listens. */
  function startGateway(args: string[], env: Record<string, string>): Promise<string> {
    const listening = Promise.withResolvers<string>();
    start('signway', {
      args: ['--preload', join(FOLDER, 'endWithParent.ts'), join(FOLDER, '../cli/main.ts'), 'serve', ...args],
      env: { ...env, NO_COLOR: '1', ...ONE_PROCESS },
      // It says nothing on the channel; the channel's end is what it is there for.
      ipc() {},
      onSaid(text) {
        const url = /^Listening on (\S+) /m.exec(text)?.[1];
        if (url !== undefined) listening.resolve(new URL(url).origin);
      },
    });
    return orFailure(listening.promise, failed.promise);
  }

  async function stop(): Promise<void> {
    stopping = true;
    for (const child of children) child.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const child of children) child.kill('SIGKILL');
    }, 4000);
    await Promise.all(children.map((child) => child.exited));
    clearTimeout(late);
  }

  async function startAll(): Promise<Omit<Demo, 'failed' | 'stop'>> {
    const standIn = openaiKey === undefined;
    const key = options.upstream?.key ?? openaiKey ?? `sk-demo-${randomHex(20)}`;
    const upstream =
      options.upstream?.origin ??
      (standIn ? await startServer('upstream.ts', { DEMO_KEY: key, PORT: '0' }) : 'https://api.openai.com');
    const gateway = await startGateway(
      [
        ...['--host', '127.0.0.1', '--port', String(freePort(port === 0 ? 0 : port + 1)), '--drain', '2s'],
        ...['--allow-upstream', upstream],
        ...(standIn ? ['--allow-network', '127.0.0.0/8'] : []),
      ],
      { SW_ID: 'demo', SW_SECRET: secret, SW_HEADERS: `Authorization: Bearer ${key}` },
    );
    const page = await startServer('backend.ts', {
      DEMO_SECRET: secret,
      DEMO_GATEWAY: gateway,
      DEMO_UPSTREAM: upstream,
      DEMO_MODEL: MODEL,
      DEMO_STAND_IN: standIn ? '1' : '',
      DEMO_PAGE: join(FOLDER, 'dist'),
      PORT: String(freePort(port)),
    });
    return { page, gateway, upstream, standIn };
  }

  try {
    return { ...(await startAll()), failed: failed.promise, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Child = ReturnType<typeof Bun.spawn>;

interface StartOptions {
  args: string[];
  env: Record<string, string>;
  /** Its messages. The channel also tells the child of its parent's end, however that ended. */
  ipc: (message: { origin: string }) => void;
  /** Called with all that it has written to stderr, each time it writes more. */
  onSaid?: (text: string) => void;
}

/** Reads a stream to its end and tells its last 4,000 characters so far. */
function collect(
  stream: ReadableStream<Uint8Array>,
  onOutput: (more: string, all: string) => void,
): () => string {
  let text = '';
  const decoder = new TextDecoder();
  const write = (chunk: Uint8Array) => {
    const more = decoder.decode(chunk, { stream: true });
    text = (text + more).slice(-4000);
    onOutput(more, text);
  };
  void stream.pipeTo(new WritableStream({ write })).catch(() => {});
  return () => text;
}

/** Signway sets this for itself by starting itself again; set here, it is one process to end. */
const ONE_PROCESS = { BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' };

/** What a process needs to run at all; nothing else of the caller's environment reaches one. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'SSL_CERT_FILE', 'SystemRoot'];

async function orFailure<T>(wanted: Promise<T>, failed: Promise<string>): Promise<T> {
  return Promise.race([
    wanted,
    failed.then((said) => {
      throw new Error(said);
    }),
  ]);
}

/** The port itself while nobody has it, else 0, which takes a free one as it is listened on. */
function freePort(wanted: number): number {
  try {
    Bun.listen({ hostname: '127.0.0.1', port: wanted, socket: { data() {} } }).stop(true);
    return wanted;
  } catch {
    return 0;
  }
}

function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
}
