import Anthropic from '@anthropic-ai/sdk';
import { type ApiClient, type Connection, QUESTION, WEATHER_INPUT } from './apiClient.ts';

/** `@anthropic-ai/sdk` with messages. */
export function anthropicMessages(connection: Connection): ApiClient {
  const anthropic = new Anthropic({ apiKey: 'unused', dangerouslyAllowBrowser: true, ...connection });
  const question = { max_tokens: 100, messages: [{ role: 'user' as const, content: QUESTION }] };
  return {
    async ask({ model, signal, onText }) {
      const stream = anthropic.messages.stream({ ...question, model }, { signal });
      for await (const event of stream) {
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
          onText(event.delta.text);
      }
    },
    async callTool() {
      const stream = anthropic.messages.stream({
        ...question,
        model: 'claude-haiku-4-5',
        tools: [{ name: 'weather', input_schema: { ...WEATHER_INPUT, required: ['city'] } }],
      });
      const call = (await stream.finalMessage()).content[0];
      if (call?.type !== 'tool_use') throw new Error('no tool was called');
      return { name: call.name, input: call.input };
    },
    async upload(file) {
      return (await anthropic.beta.files.upload({ file, betas: ['files-api-2025-04-14'] })).id;
    },
  };
}
