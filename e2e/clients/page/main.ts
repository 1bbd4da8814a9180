import * as signwayClient from 'signway/client';
import { aiAnthropic, aiOpenAi } from './aiSdk.ts';
import { anthropicMessages } from './anthropic.ts';
import type { ApiClient, Connection, ToolCall } from './apiClient.ts';
import { googleContent } from './google.ts';
import { openAiChat, openAiResponses } from './openAi.ts';

const CLIENTS = {
  openAiChat,
  openAiResponses,
  anthropicMessages,
  aiOpenAi,
  aiAnthropic,
  googleContent,
} satisfies Record<string, (connection: Connection) => ApiClient>;

export type ClientName = keyof typeof CLIENTS;

/** How the page comes to the gateway. */
export type Way = 'base URL' | 'createSignwayFetch' | 'createGrantFetch';

/** An API, as the page knows it. */
export interface Api {
  name: string;
  /** What its grants open. */
  prefix: string;
  /** What follows the prefix, or the grant, in the base URL that the client is told. */
  path: string;
}

/** What a test reads of a question while it is answered. */
export interface Asked {
  texts: string[];
  state: 'answering' | 'answered' | 'failed';
  error?: { type: string; status: unknown; message: string; refusal: unknown };
}

export interface PageUnderTest {
  connect(client: ClientName, way: Way, api: Api): Promise<void>;
  asked: Asked;
  ask(model: string): void;
  stop(): void;
  callTool(): Promise<ToolCall>;
  upload(text: string): Promise<string>;
}

const { askBackend, createGrantFetch, createSignwayFetch } = signwayClient;

let client: ApiClient;
let leaving = new AbortController();

const page: PageUnderTest = {
  asked: { texts: [], state: 'answered' },
  async connect(name, way, api) {
    client = CLIENTS[name](await connectionOf(way, api));
  },
  ask(model) {
    leaving = new AbortController();
    const asked: Asked = { texts: [], state: 'answering' };
    page.asked = asked;
    client.ask({ model, signal: leaving.signal, onText: (text) => void asked.texts.push(text) }).then(
      () => {
        asked.state = 'answered';
      },
      (error) => {
        asked.error = describe(error);
        asked.state = 'failed';
      },
    );
  },
  stop: () => leaving.abort(),
  callTool: () => client.callTool(),
  upload: (text) => client.upload!(new File([text], 'notes.txt', { type: 'text/plain' })),
};

Object.assign(window, { page, signwayClient });

async function connectionOf(way: Way, { name, prefix, path }: Api): Promise<Connection> {
  const getGrant = askBackend(`/api/grant/${name}`);
  if (way === 'base URL') return { baseURL: (await getGrant()) + path };
  const fetch =
    way === 'createGrantFetch'
      ? createGrantFetch({ prefix, getGrant, refusals: 'return' })
      : createSignwayFetch({ getSignedUrl: askBackend(`/api/sign/${name}`), refusals: 'return' });
  return { baseURL: prefix + path, fetch };
}

/** Each client has its own class of errors, and its own place for the headers of an answer. */
// biome-ignore lint/suspicious/noExplicitAny: six libraries' errors have no type in common
function describe(error: any): NonNullable<Asked['error']> {
  const headers = error.headers ?? error.responseHeaders ?? {};
  return {
    type: error.constructor.name,
    status: error.status ?? error.statusCode,
    message: String(error.message),
    refusal: headers instanceof Headers ? headers.get('x-sw-error') : headers['x-sw-error'],
  };
}
