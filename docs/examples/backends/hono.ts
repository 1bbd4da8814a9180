import { Hono } from 'hono';
import { signForPages } from './signForPages.ts';

export const app = new Hono();
app.all('/api/sign', (context) => signForPages(context.req.raw));
