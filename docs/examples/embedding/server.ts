import { Database } from 'bun:sqlite';
import { createGateway } from './gateway.ts';

const gateway = createGateway(new Database('gateway.sqlite'), { basePath: '/gw' });

export const server = Bun.serve({
  port: process.env.PORT ?? 3000,
  // Without these a stranger gets pages of source code.
  development: false,
  error: () => new Response(null, { status: 500 }),
  routes: { '/': new Response('the site') },
  fetch: (request, server) => gateway.fetch(request, server),
});
