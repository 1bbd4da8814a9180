import type { Sendable } from '../sendSigned.ts';
import type { SignedRequest } from '../signQuestion.ts';

/** One way to misuse a signed request. */
export interface Tampering {
  name: string;
  title: string;
  /** What the cheat hopes for. */
  hope: string;
  /** What exactly is changed. */
  change: string;
  /** Minutes by which the signature is old; 0 for a fresh one. */
  minutesAgo: 0 | 10;
  tamper(signed: SignedRequest): Sendable;
}

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'body',
    title: 'Send another body',
    hope: 'A dearer model, a thousand times the tokens.',
    change: 'max_completion_tokens: 400 → 400000',
    minutesAgo: 0,
    tamper: (signed) => ({
      ...signed,
      body: signed.body.replace('"max_completion_tokens":400', '"max_completion_tokens":400000'),
    }),
  },
  {
    name: 'upstream',
    title: 'Send it elsewhere',
    hope: 'Signway would hand the key to my server.',
    change: 'X-Sw-Proxy → https://thief.example/collect',
    minutesAgo: 0,
    tamper: (signed) => {
      const url = new URL(signed.url);
      url.searchParams.set('X-Sw-Proxy', 'https://thief.example/collect');
      return { ...signed, url: url.href };
    },
  },
  {
    name: 'expired',
    title: 'Use an old URL',
    hope: 'One found in a log, or in a chat.',
    change: 'signed 10 minutes ago for 60 s',
    minutesAgo: 10,
    tamper: (signed) => signed,
  },
  {
    name: 'header',
    title: 'Leave out a header',
    hope: 'The API would read the body as something else.',
    change: 'content-type removed',
    minutesAgo: 0,
    // A body of bytes, since a browser gives a string a Content-Type of its own.
    tamper: (signed) => ({ ...signed, headers: {}, body: new TextEncoder().encode(signed.body) }),
  },
];
