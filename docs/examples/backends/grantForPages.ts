import { createGrantHandler } from 'signway/sign';
import { userOf } from './session.ts';

/** Opens the chat of an API for ten minutes to whoever is signed in. `Request` in, `Response` out. */
export const grantForPages = createGrantHandler({
  id: process.env.SW_ID ?? '',
  secret: process.env.SW_SECRET ?? '',
  host: process.env.SW_HOST ?? '',
  prefix: 'https://api.openai.com/v1/chat/',
  methods: ['POST'],
  authorize: async (request) => (await userOf(request))?.id ?? null,
});
