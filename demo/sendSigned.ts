import { SignwayError, streamEvents } from 'signway/client';
import type { SignedRequest } from './signQuestion.ts';

/** What can be sent: a signed request, or what a tamperer made of it. */
export interface Sendable extends Omit<SignedRequest, 'body'> {
  /** Bytes are sent without a `Content-Type` of the browser's making. */
  body: string | Uint8Array<ArrayBuffer>;
}

export interface SendOptions {
  /** Sent as `X-Client-Request-Id`, under which the stand-in upstream remembers the request. */
  id: string;
  signal?: AbortSignal;
}

/** The answer's head has arrived and it is a stream of tokens. */
export interface TokenStream {
  status: number;
  /** Yields the text of each event as it arrives, the empty ones too, up to `[DONE]`. */
  tokens: AsyncGenerator<string>;
}

/** A request that was not answered, or not to its end: by whom it was refused, and why. */
export class AskError extends Error {
  override readonly name = 'AskError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export interface Problem {
  /** Who says so; `network` when nobody answered. */
  by: 'signway' | 'upstream' | 'backend' | 'network';
  status?: number;
  /** A refusal's code, or the upstream's own error code. */
  code: string;
  title: string;
  detail: string;
  /** The document as it was received. */
  document?: string;
}

/** Whether Signway would not let the request through, rather than could not: then no upstream was asked. */
export function isRefusal({ by, status = 0 }: Problem): boolean {
  return by === 'signway' && status < 500;
}

/**
 * Sends a signed request through Signway and reads the chat-completion chunks of its answer.
 *
 * @throws {AskError} when the request is refused, or nobody answers; reading `tokens` throws it when the
 * answer breaks off. An abort by `signal` throws the signal's reason.
 */
export async function sendSigned(request: Sendable, { id, signal }: SendOptions): Promise<TokenStream> {
  const response = await fetch(request.url, {
    method: request.method,
    headers: { ...request.headers, accept: 'text/event-stream', 'x-client-request-id': id },
    body: request.body,
    referrerPolicy: 'no-referrer',
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : unreachable(error);
  });
  if (!response.ok) throw new AskError(await readProblem(response, 'upstream'));
  return { status: response.status, tokens: readTokens(response, signal) };
}

/** What a failed answer says: a problem document (RFC 9457) or an error in the chat API's shape. */
export async function readProblem(response: Response, by: Problem['by']): Promise<Problem> {
  const document = await response.text().catch(() => '');
  const parsed = parseObject(document);
  const refusal = response.headers.get('x-sw-error');
  const apiError = parseObject(JSON.stringify(parsed.error ?? null));
  return {
    by: refusal === null ? by : 'signway',
    status: response.status,
    code: refusal ?? text(apiError.code) ?? text(apiError.type) ?? `http_${response.status}`,
    title: text(parsed.title) ?? response.statusText,
    detail: text(parsed.detail) ?? text(apiError.message) ?? document.slice(0, 400),
    document,
  };
}

async function* readTokens(response: Response, signal?: AbortSignal): AsyncGenerator<string> {
  let done = false;
  try {
    for await (const { data } of streamEvents(response, signal && { signal })) {
      done ||= data === '[DONE]';
      if (!done) yield text(parseObject(data).choices?.[0]?.delta?.content) ?? '';
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof SignwayError ? endedEarly(error) : error;
  }
  if (!done) throw brokenOff('The answer ended without its end mark, [DONE].');
}

function endedEarly({ code, message, document }: SignwayError): AskError {
  if (code === 'broken_off') return brokenOff('The connection broke before the answer was complete.');
  const received = JSON.stringify(document ?? null);
  const { title, status } = parseObject(received);
  return new AskError({
    by: 'signway',
    code,
    title: text(title) ?? 'The answer was ended early',
    detail: message,
    document: received,
    ...(typeof status === 'number' && { status }),
  });
}

function brokenOff(detail: string): AskError {
  return new AskError({ by: 'network', code: 'broken_off', title: 'The answer broke off', detail });
}

function unreachable(error: unknown): AskError {
  const detail = `No answer from the network (${error instanceof Error ? error.message : String(error)}). Is Signway still running?`;
  return new AskError({ by: 'network', code: 'unreachable', title: 'Nobody answered', detail });
}

// biome-ignore lint/suspicious/noExplicitAny: the documents are other people's; every use checks its type.
function parseObject(json: string): Record<string, any> {
  try {
    return JSON.parse(json) ?? {};
  } catch {
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
