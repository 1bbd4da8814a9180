import { signUrl } from '../signing/index.ts';

/** A request that the page may send exactly as it is; the signed URL covers all of it. */
export interface SignedRequest {
  url: string;
  method: 'POST';
  /** The signed headers, to be sent with exactly these values. */
  headers: Record<string, string>;
  body: string;
}

export interface SigningPolicy {
  id: string;
  secret: string;
  /** Where Signway answers, as the browser reaches it. */
  gateway: string;
  /** Origin of the chat-completions API. */
  upstream: string;
  model: string;
  /** Seconds of validity. */
  expiry: number;
}

/** The longest question that is signed, in UTF-16 code units. */
export const MAX_QUESTION = 2000;

/**
 * All that a backend does: it decides what may be asked (this model, so many tokens, this question) and signs
 * that decision. The body is signed, so the page cannot change any of it.
 *
 * @param question 1 to {@link MAX_QUESTION} characters, checked by the caller.
 */
export function signQuestion(
  question: string,
  { policy, date }: { policy: SigningPolicy; date: Date },
): SignedRequest {
  const method = 'POST';
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({
    model: policy.model,
    stream: true,
    max_completion_tokens: 400,
    messages: [{ role: 'user', content: question }],
  });
  const url = signUrl({
    id: policy.id,
    secret: policy.secret,
    host: policy.gateway,
    proxyUrl: `${policy.upstream}/v1/chat/completions`,
    expiry: policy.expiry,
    method,
    headers,
    body,
    date,
  });
  return { url, method, headers, body };
}
