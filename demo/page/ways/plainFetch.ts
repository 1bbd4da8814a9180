import type { Chat } from './chat.ts';

export async function plainFetch({ question, signal, show }: Chat) {
  const headers = { 'content-type': 'application/json' };
  const post = { method: 'POST', headers, signal };
  const asked = { ...post, body: JSON.stringify({ question }) };
  const signed = await fetch('/api/sign', asked);
  if (!signed.ok) throw new Error(`not signed: status ${signed.status}`);
  const { url, body } = await signed.json();

  const answer = await fetch(url, { ...post, body });
  if (!answer.ok) throw new Error(`status ${answer.status}`);

  const text = answer.body!.pipeThrough(new TextDecoderStream());
  const reader = text.getReader();
  for (let rest = ''; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      if (!event.startsWith('data: {')) continue;
      const { choices } = JSON.parse(event.slice(6));
      show(choices[0].delta.content ?? '');
    }
  }
}
