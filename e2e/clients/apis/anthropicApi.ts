import { type Answer, type ApiCall, type ApiServer, event, objectOf, startApiServer } from './apiServer.ts';
import { PIECES } from './openAiApi.ts';

/** A stand-in for Anthropic's API: messages, streamed, and files; as strict as the other. */
export function startAnthropicApi(key: string): ApiServer {
  return startApiServer({
    isAuthorised: (headers) => headers.get('x-api-key') === key,
    unauthorised: () => failure(401, { type: 'authentication_error', message: 'invalid x-api-key' }),
    answer(call) {
      if (!VERSIONS.has(call.headers.get('anthropic-version') ?? '')) {
        return failure(400, {
          type: 'invalid_request_error',
          message: 'anthropic-version: header is required',
        });
      }
      const route = `${call.method} ${call.path}`;
      if (route === 'POST /v1/messages') return message(call);
      if (route === 'POST /v1/files') return file(call);
      return failure(404, { type: 'not_found_error', message: `Not found: ${route}` });
    },
  });
}

/** Those that the clients ask for. */
const VERSIONS: ReadonlySet<string> = new Set(['2023-06-01', '2026-10-21']);

function failure(status: number, error: { type: string; message: string }): Response {
  return Response.json(
    { type: 'error', error, request_id: 'req_1' },
    { status, headers: { 'request-id': 'req_1' } },
  );
}

function message(call: ApiCall): Answer {
  const { model, max_tokens, messages, stream, tools } = objectOf(call.json);
  if (model === 'no-such-model') {
    return failure(404, { type: 'not_found_error', message: 'model: no-such-model' });
  }
  if (
    typeof model !== 'string' ||
    !Number.isInteger(max_tokens) ||
    !Array.isArray(messages) ||
    stream !== true
  ) {
    return failure(400, {
      type: 'invalid_request_error',
      message: 'model, max_tokens, messages: Field required',
    });
  }
  const sent = (type: string, members: object = {}) => event({ type, ...members }, type);
  const delta = (members: object) => sent('content_block_delta', { index: 0, delta: members });
  const usesTool = Array.isArray(tools) && tools.length > 0;
  const block = usesTool
    ? { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }
    : { type: 'text', text: '' };
  const deltas = usesTool
    ? ['', '{"city":', '"Oslo"}'].map((partial_json) => delta({ type: 'input_json_delta', partial_json }))
    : PIECES.map((text) => delta({ type: 'text_delta', text }));
  return [
    sent('message_start', {
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: {
          input_tokens: 3,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          output_tokens: 1,
        },
      },
    }),
    sent('content_block_start', { index: 0, content_block: block }),
    sent('ping'),
    ...deltas,
    sent('content_block_stop', { index: 0 }),
    sent('message_delta', {
      delta: { stop_reason: usesTool ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: 4 },
    }),
    sent('message_stop'),
  ];
}

async function file({ body, headers }: ApiCall): Promise<Response> {
  const form = await body.formData().catch(() => null);
  const sent = form?.get('file');
  if (!(sent instanceof File) || headers.get('anthropic-beta')?.includes('files-api') !== true) {
    return failure(400, { type: 'invalid_request_error', message: 'file: Field required' });
  }
  return Response.json({
    id: `file_${Bun.hash(await sent.text()).toString(36)}`,
    type: 'file',
    filename: sent.name,
    mime_type: sent.type,
    size_bytes: sent.size,
    created_at: '2026-11-24T10:15:00Z',
    downloadable: false,
  });
}
