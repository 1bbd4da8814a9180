/** One question to the chat API, and where its answer goes. */
export interface Chat {
  /** Origin of the API, as its documentation has it. */
  api: string;
  question: string;
  /** The question as the API takes it. */
  body: {
    model: string;
    messages: { role: 'user'; content: string }[];
    stream: true;
    max_completion_tokens: number;
  };
  signal: AbortSignal;
  show(text: string): void;
}
