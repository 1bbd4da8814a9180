import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { jsonSchema, type LanguageModel, streamText, tool } from 'ai';
import { type ApiClient, type Connection, QUESTION, WEATHER_INPUT } from './apiClient.ts';

/** `ai` with `@ai-sdk/openai`. */
export function aiOpenAi(connection: Connection): ApiClient {
  const openai = createOpenAI({ apiKey: 'unused', ...connection } as Parameters<typeof createOpenAI>[0]);
  return aiClient((model) => openai(model), 'gpt-4o-mini');
}

/** `ai` with `@ai-sdk/anthropic`. */
export function aiAnthropic(connection: Connection): ApiClient {
  const anthropic = createAnthropic({ apiKey: 'unused', ...connection } as Parameters<
    typeof createAnthropic
  >[0]);
  return aiClient((model) => anthropic(model), 'claude-haiku-4-5');
}

function aiClient(modelOf: (name: string) => LanguageModel, usual: string): ApiClient {
  return {
    async ask({ model, signal, onText }) {
      const { fullStream } = streamText({
        model: modelOf(model),
        prompt: QUESTION,
        abortSignal: signal,
        // The error comes in the stream; by default it is logged as well.
        onError() {},
      });
      for await (const part of fullStream) {
        if (part.type === 'text-delta') onText(part.text);
        if (part.type === 'error') throw part.error;
        if (part.type === 'abort') throw new DOMException('aborted', 'AbortError');
      }
    },
    async callTool() {
      const { toolCalls } = streamText({
        model: modelOf(usual),
        prompt: QUESTION,
        tools: { weather: tool({ inputSchema: jsonSchema({ ...WEATHER_INPUT, required: ['city'] }) }) },
      });
      const call = (await toolCalls)[0];
      if (call === undefined) throw new Error('no tool was called');
      return { name: call.toolName, input: call.input };
    },
  };
}
