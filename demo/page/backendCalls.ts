import type { DemoSetting } from '../backend.ts';
import type { RequestRecord } from '../requestLog.ts';
import { AskError, readProblem } from '../sendSigned.ts';
import type { SignedRequest } from '../signQuestion.ts';

export function fetchSetting(): Promise<DemoSetting> {
  return call('/api/setting', {});
}

export interface SignQuestionCall {
  /** Sign as if ten minutes ago, for the attempt with an old URL. Default 0. */
  minutesAgo?: 0 | 10;
  signal?: AbortSignal;
}

/** @throws {AskError} when the backend refuses or does not answer; an abort throws the signal's reason. */
export function fetchSigned(
  question: string,
  { minutesAgo = 0, signal }: SignQuestionCall = {},
): Promise<SignedRequest> {
  return call('/api/sign', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ question, minutesAgo }),
    ...(signal && { signal }),
  });
}

/** What the upstream received under that id; null if nothing. With `until`, once its answer has ended. */
export function fetchReceived(id: string, until?: 'ended'): Promise<RequestRecord | null> {
  return call(`/api/received/${id}${until ? `?until=${until}` : ''}`, {});
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw init.signal.reason;
    const detail = `The demo's backend does not answer (${error instanceof Error ? error.message : error}).`;
    throw new AskError({ by: 'network', code: 'unreachable', title: 'Nobody answered', detail });
  });
  if (!response.ok) throw new AskError(await readProblem(response, 'backend'));
  return (await response.json()) as T;
}
