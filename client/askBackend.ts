import type { RequestToSign } from './createSignwayFetch.ts';
import { members, messageOf, parseDocument } from './document.ts';
import { SignwayError } from './signwayError.ts';

/**
 * Makes a `getSignedUrl` or a `getGrant` that POSTs to an endpoint of the page's own backend, with the page's
 * cookies: `{"method": …, "url": …}`, or `{}` for a grant; the answer is `{"url": …}`. It is what
 * `createSignHandler` and `createGrantHandler` of the backend's side understand.
 *
 * @throws {SignwayError} from a call: `signing_failed`, with the backend's status and answer
 */
export function askBackend(endpoint: string | URL): (request?: RequestToSign) => Promise<string> {
  return async ({ method, url, signal } = {} as RequestToSign) => {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ method, url }),
      ...(signal && { signal }),
    });
    const document = parseDocument(await answer.text());
    const { url: signed } = members(document);
    if (answer.ok && typeof signed === 'string') return signed;
    const { status, headers } = answer;
    throw new SignwayError('signing_failed', messageOf(document) ?? 'the backend gave no signed URL', {
      status,
      headers,
      document,
    });
  };
}
