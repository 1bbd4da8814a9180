import type { Fetch } from 'signway/client';

/** What an API's own client is told: where the API is, and where its options allow, a `fetch`. */
export interface Connection {
  baseURL: string;
  fetch?: Fetch;
}

/** What every client is asked for, in its own words. */
export interface ApiClient {
  /** Streams the answer to one question. */
  ask(question: Question): Promise<void>;
  /** Asks a question that a tool answers, and gives the call that the model makes. */
  callTool(): Promise<ToolCall>;
  /** Uploads a text file and gives its id. */
  upload?(file: File): Promise<string>;
}

export interface Question {
  model: string;
  signal: AbortSignal;
  onText(text: string): void;
}

export interface ToolCall {
  name: string;
  input: unknown;
}

export const QUESTION = 'What do you say?';

/** The JSON Schema of the tool's input. */
export const WEATHER_INPUT = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
} as const;
