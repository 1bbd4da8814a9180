import OpenAI from 'openai';
import { askBackend } from 'signway/client';
import type { Chat } from './chat.ts';

const getGrant = askBackend('/api/grant');

export async function officialClient({ body, signal, show }: Chat) {
  const openai = new OpenAI({
    baseURL: await getGrant(),
    apiKey: 'unused',
    dangerouslyAllowBrowser: true,
  });
  const stream = await openai.chat.completions.create(body, { signal });
  for await (const chunk of stream) {
    show(chunk.choices[0]?.delta.content ?? '');
  }
}
