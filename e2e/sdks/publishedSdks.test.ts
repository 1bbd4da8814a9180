import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type RunningServe, startServe } from '../../cli/testing/startServe.ts';
import { type Echoed, type EchoServer, startEcho } from './echo.ts';
import { installSdk, PUBLISHED_SDKS, type SigningCase } from './sdk.ts';
import { findStandInAddress } from './standInAddress.ts';
import { makeCertificate, type TestCertificate } from './testAuthority.ts';

const SECRET = 'my-secret';
const UPSTREAM = 'https://postman-echo.com';

const address = findStandInAddress();
const installed = await Promise.all(
  PUBLISHED_SDKS.map(async (sdk) => ({
    ...sdk,
    outcome: typeof address === 'string' ? address : await installSdk(sdk),
  })),
);

const JSON_POST = {
  method: 'POST',
  proxyUrl: `${UPSTREAM}/post`,
  headers: { 'X-Colour': 'green' },
  body: '{"tree": "oak"}',
};
const SENT = {
  method: 'POST',
  headers: { 'X-Colour': 'green', 'Content-Type': 'application/json' },
  body: '{"tree": "oak"}',
};

const ACCEPTED: readonly {
  says: string;
  signed: Partial<SigningCase>;
  sent?: RequestInit;
  echoed: Partial<Echoed>;
}[] = [
  { says: 'a GET', signed: {}, echoed: { url: `${UPSTREAM}/get` } },
  {
    says: 'a query',
    signed: { proxyUrl: `${UPSTREAM}/get?tree=oak&age=300` },
    echoed: { args: { tree: 'oak', age: '300' } },
  },
  {
    says: 'characters that SDKs encode in different ways',
    signed: { proxyUrl: `${UPSTREAM}/get?q=a%20b~c!d*e(f)g&r=%C3%A9%2F%2B` },
    echoed: { args: { q: 'a b~c!d*e(f)g', r: 'é/+' } },
  },
  {
    says: 'a header',
    signed: { headers: { 'X-Colour': 'green' } },
    sent: { headers: { 'X-Colour': 'green' } },
    echoed: { headers: { 'x-colour': 'green' } },
  },
  { says: 'a body', signed: JSON_POST, sent: SENT, echoed: { json: { tree: 'oak' } } },
  {
    says: 'no body, so that any may be sent',
    signed: { method: 'POST', proxyUrl: `${UPSTREAM}/post` },
    sent: { method: 'POST', body: 'anything' },
    echoed: { data: 'anything' },
  },
];

const REFUSED: readonly {
  says: string;
  signed: Partial<SigningCase>;
  /** What becomes of the URL on its way. */
  changed?: (url: string) => string;
  sent?: RequestInit;
  status: number;
  code: string;
}[] = [
  // It is signed at the beginning of its second, and has expired by the time the signer has written it.
  { says: 'a URL that has expired', signed: { expiry: 0 }, status: 400, code: 'expired' },
  {
    says: 'a signed header that is absent',
    signed: { headers: { 'X-Colour': 'green' } },
    status: 400,
    code: 'missing_signed_header',
  },
  {
    says: 'a signed header with another value',
    signed: { headers: { 'X-Colour': 'green' } },
    sent: { headers: { 'X-Colour': 'black' } },
    status: 400,
    code: 'signature_mismatch',
  },
  {
    says: 'another body',
    signed: JSON_POST,
    sent: { ...SENT, body: '{"tree": "elm"}' },
    status: 400,
    code: 'signature_mismatch',
  },
  { says: 'another method', signed: {}, sent: { method: 'PUT' }, status: 400, code: 'signature_mismatch' },
  {
    says: 'another upstream',
    signed: {},
    changed: (url) => url.replace('postman-echo.com', 'example.com'),
    status: 400,
    code: 'signature_mismatch',
  },
  { says: 'an unknown id', signed: { id: 'other' }, status: 401, code: 'unknown_app' },
  { says: 'another secret', signed: { secret: 'guessed' }, status: 400, code: 'signature_mismatch' },
];

let certificate: TestCertificate;
let echo: EchoServer;
let gateway: RunningServe;

beforeAll(async () => {
  if (typeof address === 'string') return;
  certificate = await makeCertificate(['postman-echo.com']);
  echo = startEcho(address.hostname, certificate);
  const pin = ['--resolve', `postman-echo.com:443:${address.hostname}`, '--upstream-ca', certificate.caFile];
  gateway = await startServe(['serve', 'my-id', SECRET, ...pin]);
}, 60_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await echo?.[Symbol.asyncDispose]();
  await certificate?.[Symbol.asyncDispose]();
  for (const { outcome } of installed) {
    if (typeof outcome !== 'string') await outcome[Symbol.asyncDispose]();
  }
}, 30_000);

for (const { name, outcome: sdk } of installed) {
  if (typeof sdk === 'string') {
    test.skip(`the published ${name} SDK: ${sdk}`, () => {});
    continue;
  }

  describe(`the published ${name} SDK, unchanged`, () => {
    test.each(ACCEPTED)(
      'signs $says, and the upstream gets it',
      async ({ says: _, signed, sent, echoed }) => {
        const [url] = await sdk.sign([signingCase(signed)]);
        const answer = await fetch(url!, sent ?? {});
        expect(answer.status).toBe(200);
        expect((await answer.json()) as Echoed).toMatchObject(echoed);
      },
      60_000,
    );

    test.each(REFUSED)(
      '$says is refused with $status and $code, and reaches no upstream',
      async (each) => {
        const [url] = await sdk.sign([signingCase(each.signed)]);
        const before = echo.received();
        const answer = await fetch(each.changed?.(url!) ?? url!, each.sent ?? {});
        expect([answer.status, answer.headers.get('x-sw-error')]).toEqual([each.status, each.code]);
        expect(echo.received()).toBe(before);
      },
      60_000,
    );

    test.skipIf(name !== 'Python')(
      'passes the tests that it is published with',
      async () => {
        const suite = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--pyargs', 'signway_sdk'];
        const child = Bun.spawn([`${sdk.folder}/venv/bin/python`, ...suite], {
          cwd: sdk.folder,
          env: { ...process.env, SW_ID: 'my-id', SW_SECRET: SECRET, SW_HOST: gateway.url },
          stdout: 'pipe',
          stderr: 'inherit',
        });
        expect(await new Response(child.stdout).text()).toMatch(/^8 passed/m);
        expect(await child.exited).toBe(0);
      },
      60_000,
    );
  });
}

function signingCase(signed: Partial<SigningCase>): SigningCase {
  return {
    id: 'my-id',
    secret: SECRET,
    host: gateway.url,
    proxyUrl: `${UPSTREAM}/get`,
    expiry: 60,
    method: 'GET',
    ...signed,
  };
}
