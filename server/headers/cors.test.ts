import { describe, expect, test } from 'bun:test';
import { FRONTS, startGateway } from '../testing/gateway.ts';
import { startUpstream } from '../testing/scriptedUpstream.ts';

const ok = ({ send }: { send: (text: string) => void }) =>
  send(
    'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://upstream.test\r\nAccess-Control-Allow-Credentials: true\r\nVary: Accept\r\nContent-Length: 0\r\n\r\n',
  );
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: {
    Origin: origin,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization,x-stainless-os',
  },
});

describe.each(FRONTS)('by the front %s:', (front) => {
  describe('a preflight', () => {
    test('echoes the method and the headers it asks for, and never reaches an upstream', async () => {
      await using upstream = await startUpstream(ok);
      await using gateway = startGateway({ front });
      const answer = await fetch(
        gateway.sign(`${upstream.origin}/`, { method: 'POST' }),
        preflight('https://page.test'),
      );
      expect(answer.status).toBe(204);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-allow-methods')).toBe('POST');
      expect(answer.headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os');
      expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
      expect(upstream.accepted).toBe(0);
      expect(gateway.records).toEqual([]);
    });

    test('answers with the methods and headers that are configured', async () => {
      await using gateway = startGateway({
        front,
        cors: { allowMethods: 'GET, POST', allowHeaders: 'content-type' },
      });
      const answer = await fetch(gateway.url, preflight('https://page.test'));
      expect(answer.headers.get('access-control-allow-methods')).toBe('GET, POST');
      expect(answer.headers.get('access-control-allow-headers')).toBe('content-type');
    });

    test('passes for every origin, so that the page can read why it is refused', async () => {
      await using gateway = startGateway({ front, cors: { allowOrigins: ['https://page.test'] } });
      for (const origin of ['https://other.test', 'null']) {
        expect((await fetch(gateway.url, preflight(origin))).headers.get('access-control-allow-origin')).toBe(
          '*',
        );
      }
    });
  });

  describe('an answer', () => {
    test("may be read by any page, by the gateway's word alone", async () => {
      await using upstream = await startUpstream(ok);
      await using gateway = startGateway({ front });
      const answer = await fetch(gateway.sign(`${upstream.origin}/`), {
        headers: { Origin: 'https://page.test' },
      });
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-expose-headers')).toBe('*');
      expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
      expect(answer.headers.get('vary')).toBe('Accept');
    });

    test('is for the pages of the listed origins, where there is a list', async () => {
      await using upstream = await startUpstream(ok);
      await using gateway = startGateway({
        front,
        // `null` is the origin of any sandboxed page, whoever lists it.
        cors: { allowOrigins: ['https://page.test', 'https://two.test', 'null'] },
      });
      const ask = (headers: Record<string, string>) =>
        fetch(gateway.sign(`${upstream.origin}/`), { headers });
      const answer = await ask({ Origin: 'https://two.test' });
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://two.test');
      expect(answer.headers.get('vary')).toBe('Accept, Origin');
      expect((await ask({})).status).toBe(200);
      const reached = upstream.accepted;
      for (const origin of [
        'https://other.test',
        'null',
        'https://page.test.evil.test',
        'http://page.test',
        '',
      ]) {
        const refused = await ask({ Origin: origin });
        expect(refused.status).toBe(403);
        expect(refused.headers.get('x-sw-error')).toBe('origin_not_allowed');
        expect(refused.headers.get('access-control-allow-origin')).toBe('*');
      }
      expect(upstream.accepted).toBe(reached);
    });
  });
});
