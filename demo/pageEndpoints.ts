import { createGrantHandler, createSignHandler, type SigningEndpoint } from 'signway/sign';
import type { SigningPolicy } from './signQuestion.ts';

/**
 * The two endpoints that sign for the page's clients: a signed URL for one call, a grant for all calls of chat. What
 * may be asked is a schema of the body here, since the page writes the body.
 *
 * @param origin of the page, the only one that is answered
 */
export function pageEndpoints(policy: SigningPolicy, origin: string): ReadonlyMap<string, SigningEndpoint> {
  const { id, secret, gateway: host, upstream, model } = policy;
  const common = {
    id,
    secret,
    host,
    bodySchema: {
      type: 'object',
      properties: {
        model: { const: model },
        messages: { type: 'array', maxItems: 20 },
        stream: { const: true },
        max_completion_tokens: { type: 'integer', maximum: 400 },
      },
      required: ['model', 'messages', 'max_completion_tokens'],
      // `n` would ask for many answers.
      additionalProperties: false,
    },
    authorize: (request: Request) => (request.headers.get('origin') === origin ? 'visitor' : null),
  };
  const allow = [{ method: 'POST', url: `${upstream}/v1/chat/completions` }];
  return new Map([
    ['/api/sign-call', createSignHandler({ ...common, allow, expiry: policy.expiry })],
    [
      '/api/grant',
      createGrantHandler({ ...common, prefix: `${upstream}/v1/`, methods: ['POST'], expiry: 600 }),
    ],
  ]);
}
