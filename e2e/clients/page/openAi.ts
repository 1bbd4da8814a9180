import OpenAI from 'openai';
import { type ApiClient, type Connection, QUESTION, WEATHER_INPUT } from './apiClient.ts';

const messages = [{ role: 'user' as const, content: QUESTION }];

function connect(connection: Connection): OpenAI {
  return new OpenAI({ apiKey: 'unused', dangerouslyAllowBrowser: true, ...connection });
}

/** `openai` with chat completions. */
export function openAiChat(connection: Connection): ApiClient {
  const openai = connect(connection);
  return {
    async ask({ model, signal, onText }) {
      const stream = await openai.chat.completions.create({ model, messages, stream: true }, { signal });
      for await (const chunk of stream) {
        const text = chunk.choices[0]?.delta.content;
        if (text) onText(text);
      }
    },
    async callTool() {
      const stream = openai.chat.completions.stream({
        model: 'gpt-4o-mini',
        messages,
        tools: [{ type: 'function', function: { name: 'weather', parameters: { ...WEATHER_INPUT } } }],
      });
      const completion = await stream.finalChatCompletion();
      const call = completion.choices[0]?.message.tool_calls?.[0];
      if (call?.type !== 'function') throw new Error('no tool was called');
      return { name: call.function.name, input: JSON.parse(call.function.arguments) };
    },
    async upload(file) {
      return (await openai.files.create({ file, purpose: 'user_data' })).id;
    },
  };
}

/** `openai` with responses. */
export function openAiResponses(connection: Connection): ApiClient {
  const openai = connect(connection);
  return {
    async ask({ model, signal, onText }) {
      const stream = await openai.responses.create({ model, input: messages, stream: true }, { signal });
      for await (const event of stream) if (event.type === 'response.output_text.delta') onText(event.delta);
    },
    async callTool() {
      const stream = openai.responses.stream({
        model: 'gpt-4o-mini',
        input: messages,
        tools: [{ type: 'function', name: 'weather', parameters: { ...WEATHER_INPUT }, strict: true }],
      });
      const call = (await stream.finalResponse()).output[0];
      if (call?.type !== 'function_call') throw new Error('no tool was called');
      return { name: call.name, input: JSON.parse(call.arguments) };
    },
  };
}
