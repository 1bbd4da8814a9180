import { answerFor } from './answerFor.ts';
import { createRequestLog, type LoggedRequest, type RequestLog } from './requestLog.ts';

export interface UpstreamOptions {
  /** The only key that is answered. */
  key: string;
  /** Port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /**
   * Called ahead of each event but the first with the number of events written; the event is sent when it
   * resolves. Default: 18 to 45 ms, about the rhythm of a hosted model.
   */
  pace?: (written: number) => Promise<void>;
}

export interface Upstream {
  /** `http://127.0.0.1:PORT`. */
  origin: string;
  log: RequestLog;
  stop(): Promise<void>;
}

/**
 * A stand-in for an OpenAI-compatible API, on loopback, so that the demo needs no account.
 * `POST /v1/chat/completions` answers with `chat.completion.chunk` events and `data: [DONE]` when the body
 * says `"stream": true`, else with one `chat.completion`; without the right key it answers 401 in the API's
 * own shape. `GET /inspect/<id>` tells what a request looked like on arrival and how its answer ended;
 * with `?until=ended` it waits for that. `GET /inspect` counts.
 *
 * **Security.** `/inspect` never holds the key: see {@link createRequestLog}.
 */
export function startUpstream({ key, port = 0, pace = naturalPace }: UpstreamOptions): Upstream {
  if (key === '') throw new TypeError('the upstream needs a key');
  const log = createRequestLog({ key });
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    development: false,
    reusePort: false,
    idleTimeout: 0,
    routes: {
      '/v1/chat/completions': { POST: (request) => complete(request, { key, pace, log }) },
      '/inspect': () => Response.json({ received: log.received(), running: log.running() }),
      '/inspect/:id': (request) => inspect(request, log.find(request.params.id)),
    },
    fetch: (request) =>
      apiError(404, `Unknown request URL: ${request.method} ${new URL(request.url).pathname}.`),
    error: () => apiError(500, 'The stand-in upstream failed.'),
  });
  return {
    origin: `http://127.0.0.1:${server.port}`,
    log,
    stop: () => server.stop(true),
  };
}

interface Completing {
  key: string;
  pace: (written: number) => Promise<void>;
  log: RequestLog;
}

async function complete(request: Request, { key, pace, log }: Completing): Promise<Response> {
  const body = await request.text();
  const logged = log.open(request, body);
  if (request.headers.get('authorization') !== `Bearer ${key}`) {
    logged.end('refused');
    return apiError(401, 'Incorrect API key provided.', 'invalid_api_key');
  }
  const chat = readChat(body);
  if (chat === undefined) {
    logged.end('refused');
    return apiError(400, 'The body is not a chat completion request.');
  }
  const tokens = answerFor(chat.question).match(/\s*\S+/g) ?? [];
  const head = {
    id: `chatcmpl-${logged.record.id}`,
    created: Math.floor(Date.now() / 1000),
    model: chat.model,
  };
  if (!chat.stream) {
    logged.end('finished');
    const message = { role: 'assistant', content: tokens.join('') };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    return Response.json({ ...head, object: 'chat.completion', choices });
  }
  const chunks = [
    ...tokens.map((content) => ({ delta: { content }, finish_reason: null })),
    { delta: {}, finish_reason: 'stop' },
  ].map((choice) =>
    JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }] }),
  );
  return new Response(eventStream(chunks, { request, logged, pace }), {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-request-id': `req_${logged.record.id}`,
    },
  });
}

function readChat(body: string): { model: string; question: string; stream: boolean } | undefined {
  try {
    const { model, messages, stream } = JSON.parse(body);
    const question = messages.at(-1).content;
    if (typeof model !== 'string' || typeof question !== 'string') return undefined;
    return { model, question, stream: stream === true };
  } catch {
    return undefined;
  }
}

interface Streaming {
  request: Request;
  logged: LoggedRequest;
  pace: (written: number) => Promise<void>;
}

function eventStream(chunks: string[], { request, logged, pace }: Streaming): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const leave = () => logged.end('client left');
  request.signal.addEventListener('abort', leave, { once: true });
  return new ReadableStream({
    async pull(controller) {
      const { record } = logged;
      if (record.events > 0) await pace(record.events);
      if (record.state !== 'running') return;
      const chunk = chunks[record.events];
      controller.enqueue(encoder.encode(`data: ${chunk ?? '[DONE]'}\n\n`));
      if (chunk !== undefined) {
        record.events += 1;
        return;
      }
      logged.end('finished');
      controller.close();
    },
    cancel: leave,
  });
}

async function inspect(request: Request, logged: LoggedRequest | undefined): Promise<Response> {
  if (logged === undefined) return apiError(404, 'No such request was received.', 'not_received');
  if (new URL(request.url).searchParams.get('until') === 'ended') await logged.ended;
  return Response.json(logged.record);
}

function apiError(status: number, message: string, code: string | null = null): Response {
  return Response.json({ error: { message, type: 'invalid_request_error', param: null, code } }, { status });
}

function naturalPace(): Promise<void> {
  return Bun.sleep(18 + Math.random() * 27);
}

if (import.meta.main) {
  const { origin } = startUpstream({
    key: process.env.DEMO_KEY ?? '',
    port: Number(process.env.PORT ?? 0),
  });
  process.send?.({ origin });
  // The parent's end ends this process too, however it ended.
  process.on('disconnect', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  process.on('SIGINT', () => process.exit(0));
}
