import { readPageRequest } from './pageRequest.ts';
import { absoluteUrl, type Fetch, type SendOptions, sendRenewing } from './sendRenewing.ts';

export interface GrantFetchOptions extends SendOptions {
  /** Asks the backend for a grant: the base URL that stands for {@link prefix} at the gateway. */
  getGrant(): string | URL | Promise<string | URL>;
  /** What the grant is for, such as `https://api.openai.com/v1/`. It ends in a slash. */
  prefix: string;
}

/**
 * A `fetch` that takes an API's own URLs and calls them through a grant of the gateway, dropping
 * `Authorization`. The grant is asked for at the first call and kept; one that has expired or is used up is
 * renewed and the call sent again, once, however many calls find out at the same time.
 *
 * @throws {TypeError} for a prefix without a slash at its end; a call throws it for a URL that does not begin
 * with the prefix
 * @throws {SignwayError} from a call: the gateway's code, unless `refusals` is `return`; and whatever
 * `getGrant` throws, after which the next call asks again
 * @example
 * const prefix = 'https://api.openai.com/v1/';
 * const grantFetch = createGrantFetch({ prefix, getGrant: askBackend('/api/grant') });
 * const openai = new OpenAI({ apiKey: '-', fetch: grantFetch, dangerouslyAllowBrowser: true });
 */
export function createGrantFetch({ getGrant, prefix, ...options }: GrantFetchOptions): Fetch {
  if (!prefix.endsWith('/')) throw new TypeError('the prefix of a grant must end in a slash');
  let kept: Promise<string> | undefined;

  return async (input, init) => {
    const request = await readPageRequest(input, init);
    if (!request.url.startsWith(prefix))
      throw new TypeError(`the grant is for ${prefix}, not ${request.url}`);
    const path = request.url.slice(prefix.length);
    let used: Promise<string> | undefined;
    return sendRenewing(request, urlFor, { ...options, renewable: ['expired', 'already_used'] });

    async function urlFor(refused: boolean): Promise<string> {
      if (refused && kept === used) kept = undefined;
      used = kept ??= ask();
      return (await used) + path;
    }
  };

  function ask(): Promise<string> {
    const asked = (async () => absoluteUrl(await getGrant()))();
    asked.catch(() => {
      if (kept === asked) kept = undefined;
    });
    return asked;
  }
}
