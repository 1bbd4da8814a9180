import { createSignHandler } from 'signway/sign';
import { userOf } from './session.ts';

/** Signs one call to a model for whoever is signed in. `Request` in, `Response` out. */
export const signForPages = createSignHandler({
  id: process.env.SW_ID ?? '',
  secret: process.env.SW_SECRET ?? '',
  host: process.env.SW_HOST ?? '',
  allow: [{ method: 'POST', url: 'https://api.openai.com/v1/chat/completions' }],
  expiry: 60,
  authorize: async (request) => (await userOf(request))?.id ?? null,
});
