import { messageOf, parseDocument } from './document.ts';
import { readText, type StreamOptions } from './readText.ts';
import { SignwayError } from './signwayError.ts';

/**
 * The error that an answer stands for: the gateway's refusal, `upstream_error` for an error of the API's own,
 * null for an answer that is none. Reads the body of an error, and nothing else.
 */
export async function errorOf(response: Response, options: StreamOptions = {}): Promise<SignwayError | null> {
  const refusal = response.headers.get('x-sw-error');
  if (refusal === null && response.ok) return null;
  let text = '';
  for await (const piece of readText(response, options)) text += piece;
  const document = parseDocument(text);
  const { status, headers } = response;
  const message = messageOf(document) ?? `the answer's status is ${status}`;
  return new SignwayError(refusal ?? 'upstream_error', message, { status, headers, document });
}
