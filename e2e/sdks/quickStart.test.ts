/**
 * The quick start of the published server's README, with the names it uses: a signer in Python, `curl`, and
 * the gateway's bare command line. The upstream is a stand-in on loopback under the API's own name.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { startServe } from '../../cli/testing/startServe.ts';
import { type InstalledSdk, installSdk, PUBLISHED_SDKS } from './sdk.ts';
import { findStandInAddress } from './standInAddress.ts';
import { makeCertificate, type TestCertificate } from './testAuthority.ts';

const BODY = '{\n  "model": "gpt-4o-mini",\n  "stream": true,\n  "prompt": "Say this is a test"\n}';
const ENV = { SW_ID: 'app-id', SW_SECRET: 'super-secure-string', API_KEY: 'the-key-of-the-api' };

const address = findStandInAddress();
const python = PUBLISHED_SDKS.find(({ name }) => name === 'Python')!;
const sdk = typeof address === 'string' ? address : await installSdk(python);
const skipped = typeof sdk === 'string' ? ` (${sdk})` : '';

describe.skipIf(skipped !== '')(`the published quick start${skipped}`, () => {
  const { hostname } = address as { hostname: string };
  const { folder } = sdk as InstalledSdk;
  let certificate: TestCertificate;

  beforeAll(async () => {
    certificate = await makeCertificate(['api.openai.com']);
    const source = `
import os, sys
from signway_sdk import sign_url

upstream = "https://api.openai.com/v1/completions"
print(sign_url(os.environ["SW_ID"], os.environ["SW_SECRET"], sys.argv[1], upstream, 10, "POST"))
`;
    await Bun.write(`${folder}/sign.py`, source);
  }, 60_000);
  afterAll(async () => {
    await certificate?.[Symbol.asyncDispose]();
    await (sdk as InstalledSdk)[Symbol.asyncDispose]();
  });

  test.each([
    ['--header "Authorization: Bearer …"', ['--header', `Authorization: Bearer ${ENV.API_KEY}`]],
    ["-h 'Authorization:Bearer …'", ['-h', `Authorization:Bearer ${ENV.API_KEY}`]],
  ])(
    'streams a completion event by event, started with %s',
    async (_name, header) => {
      await using api = startCompletions(hostname, certificate);
      const pin = ['--resolve', `api.openai.com:443:${hostname}`, '--upstream-ca', certificate.caFile];
      await using gateway = await startServe([ENV.SW_ID, ENV.SW_SECRET, ...header, ...pin]);
      const command = `curl -sN $(venv/bin/python sign.py ${gateway.url}) -H "Content-Type: application/json" -d '${BODY}'`;
      const curl = Bun.spawn(['sh', '-c', command], {
        cwd: folder,
        env: { ...process.env, ...ENV },
        stdout: 'pipe',
      });
      const reader = curl.stdout.pipeThrough(new TextDecoderStream()).getReader();
      // Each event is written only once the one before it has come out of curl.
      for (const word of ['This', ' is', ' a', ' test']) {
        api.say(word);
        expect(await reader.read()).toEqual({ done: false, value: eventOf(word) });
      }
      api.end();
      expect((await reader.read()).done).toBe(true);
      expect(await curl.exited).toBe(0);
      expect(await api.request).toEqual({
        method: 'POST',
        path: '/v1/completions',
        authorization: `Bearer ${ENV.API_KEY}`,
        type: 'application/json',
        body: BODY,
      });
    },
    60_000,
  );
});

function eventOf(word: string): string {
  return `data: ${JSON.stringify({ object: 'text_completion', choices: [{ text: word, index: 0 }] })}\n\n`;
}

/** A stand-in for the API: answers one request with the events that it is told to say. */
function startCompletions(hostname: string, { key, cert }: TestCertificate) {
  const { promise: request, resolve } = Promise.withResolvers<object>();
  const { readable, writable } = new TransformStream<string, string>();
  const writer = writable.getWriter();
  const server = Bun.serve({
    hostname,
    port: 443,
    tls: { key, cert },
    async fetch(received) {
      resolve({
        method: received.method,
        path: new URL(received.url).pathname,
        authorization: received.headers.get('authorization'),
        type: received.headers.get('content-type'),
        body: await received.text(),
      });
      return new Response(readable.pipeThrough(new TextEncoderStream()), {
        headers: { 'Content-Type': 'text/event-stream' },
      });
    },
  });
  return {
    request,
    say: (word: string) => void writer.write(eventOf(word)),
    end: () => void writer.close(),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
