import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';

export interface HealthAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks one of the gateway's own paths. Gives the answer, or in a word why there is none.
 *
 * `fetch` would ask the proxy that `HTTP_PROXY` names, even for this machine.
 *
 * @param timeout milliseconds until the answer is complete
 */
export async function readHealth(url: URL, { timeout }: { timeout: number }): Promise<HealthAnswer | string> {
  const tooLate = AbortSignal.timeout(timeout);
  try {
    return await new Promise<HealthAnswer>((resolve, reject) => {
      const request = url.protocol === 'https:' ? requestHttps : requestHttp;
      const options = { rejectUnauthorized: false, agent: false, signal: tooLate };
      const sent = request(url, options, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      sent.on('error', reject);
      sent.end();
    });
  } catch (error) {
    if (tooLate.aborted) return 'no answer in time';
    return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  }
}
