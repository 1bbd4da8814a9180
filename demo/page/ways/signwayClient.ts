import { askBackend, createSignwayFetch, streamText } from 'signway/client';
import type { Chat } from './chat.ts';

const getSignedUrl = askBackend('/api/sign-call');
const signwayFetch = createSignwayFetch({ getSignedUrl });

export async function signwayClient({ api, body, signal, show }: Chat) {
  const answer = signwayFetch(`${api}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  for await (const text of streamText(answer)) show(text);
}
