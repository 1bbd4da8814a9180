/** What a TypeScript team would write on Node; run with its port, and the secret in BENCH_SECRET. */
import proxy from '@fastify/http-proxy';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { Refusal } from '../../signing/index.ts';
import { INJECTED } from './system.ts';
import { createVerifier } from './verifier.ts';

const verify = createVerifier(process.env.BENCH_SECRET!);
const app = Fastify({ bodyLimit: 1 << 30 });
app.register(proxy, {
  upstream: '',
  undici: { connections: 20_000, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 },
  disableRequestLogging: true,
  replyOptions: {
    getUpstream: () => '',
    rewriteRequestHeaders: (_, headers) => ({ ...headers, authorization: INJECTED.value }),
  },
  handler(request: FastifyRequest, reply: FastifyReply, _: string, options: object) {
    try {
      const { upstream } = verify({
        method: request.method,
        target: request.raw.url!,
        header: (name) => (request.headers[name] as string | undefined) ?? null,
      }).url;
      return reply.from(upstream.pathname, {
        ...options,
        getUpstream: () => upstream.origin,
        queryString: () => upstream.search.slice(1),
      });
    } catch (error) {
      const code = error instanceof Refusal ? error.code : 'bad_request';
      return reply.code(400).send({ code });
    }
  },
});
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 8192 });
