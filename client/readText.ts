import { SignwayError } from './signwayError.ts';

export interface StreamOptions {
  /** Stops the stream and the request behind it; reading then throws the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Yields the text of an answer's body as it arrives. Leaving the loop ends the request, and so does an abort.
 *
 * @throws {SignwayError} `broken_off`. An abort throws the signal's reason, or that of the call's own signal.
 */
export async function* readText(
  { body, headers }: Response,
  { signal }: StreamOptions = {},
): AsyncGenerator<string, void, void> {
  if (body === null) return;
  const reader = body.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop);
  const decoder = new TextDecoder();
  try {
    signal?.throwIfAborted();
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } catch (cause) {
    // What breaks a body is a TypeError (Fetch, section 5.5, "network error"); an abort is whatever its reason is.
    if (!(cause instanceof TypeError)) throw cause;
    const message = 'the connection broke before the answer was whole';
    throw new SignwayError('broken_off', message, { headers, cause });
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
