import { GoogleGenAI, Type } from '@google/genai';
import { type ApiClient, type Connection, QUESTION } from './apiClient.ts';

/** `@google/genai` with content. */
export function googleContent({ baseURL, fetch }: Connection): ApiClient {
  const google = new GoogleGenAI({
    apiKey: 'unused',
    httpOptions: {
      baseUrl: baseURL,
      retryOptions: { attempts: 3, initialDelay: 0.01 },
      ...(fetch && { fetch }),
    },
  });
  return {
    async ask({ model, signal, onText }) {
      const config = { abortSignal: signal };
      const stream = await google.models.generateContentStream({ model, contents: QUESTION, config });
      for await (const chunk of stream) if (chunk.text) onText(chunk.text);
    },
    async callTool() {
      const stream = await google.models.generateContentStream({
        model: 'gemini-2.5-flash',
        contents: QUESTION,
        config: {
          tools: [
            {
              functionDeclarations: [
                {
                  name: 'weather',
                  parameters: {
                    type: Type.OBJECT,
                    properties: { city: { type: Type.STRING } },
                    required: ['city'],
                  },
                },
              ],
            },
          ],
        },
      });
      for await (const { functionCalls } of stream) {
        const call = functionCalls?.[0];
        if (call !== undefined) return { name: call.name ?? '', input: call.args };
      }
      throw new Error('no tool was called');
    },
    async upload(file) {
      return (await google.files.upload({ file, config: { mimeType: 'text/plain' } })).name ?? '';
    },
  };
}
