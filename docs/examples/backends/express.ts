import express from 'express';
import { signForPages } from './signForPages.ts';

export const app = express();
app.post('/api/sign', express.text({ type: '*/*', limit: '16kb' }), async (req, res) => {
  const headers = new Headers({
    'content-type': req.get('content-type') ?? '',
    cookie: req.get('cookie') ?? '',
  });
  const body = typeof req.body === 'string' ? req.body : null;
  const answer = await signForPages(new Request('http://backend/', { method: req.method, headers, body }));
  res
    .status(answer.status)
    .set(Object.fromEntries(answer.headers))
    .send(await answer.text());
});
