import { type Answer, type ApiCall, type ApiServer, event, objectOf, startApiServer } from './apiServer.ts';

/** What every stand-in says, in the pieces in which it says it. */
export const PIECES = ['Hel', 'lo, ', 'wor', 'ld.'] as const;

/**
 * A stand-in for OpenAI's API: chat completions and responses, streamed, and files. It holds its callers to the
 * formats of the API reference and answers with every member that the reference requires.
 */
export function startOpenAiApi(key: string): ApiServer {
  return startApiServer({
    isAuthorised: (headers) => headers.get('authorization') === `Bearer ${key}`,
    unauthorised: () => failure(401, { message: 'Incorrect API key provided.', code: 'invalid_api_key' }),
    answer(call) {
      const route = `${call.method} ${call.path}`;
      if (route === 'POST /v1/chat/completions') return chatCompletion(call);
      if (route === 'POST /v1/responses') return response(call);
      if (route === 'POST /v1/files') return file(call);
      return failure(404, { message: `Invalid URL (${route})`, code: null });
    },
  });
}

function failure(status: number, error: { message: string; code: string | null }): Response {
  const body = { error: { type: 'invalid_request_error', param: null, ...error } };
  return Response.json(body, { status, headers: { 'x-request-id': 'req_1' } });
}

/** What is wrong with a question to a model, or null. */
function wrongWith(call: ApiCall, messages: 'messages' | 'input'): Response | null {
  const { model, stream, ...rest } = objectOf(call.json);
  if (call.json === undefined)
    return failure(400, { message: 'We could not parse the JSON body.', code: null });
  if (typeof model !== 'string')
    return failure(400, { message: "Missing 'model'.", code: 'missing_required_parameter' });
  if (model === 'no-such-model') {
    return failure(404, { message: 'The model `no-such-model` does not exist', code: 'model_not_found' });
  }
  if (!Array.isArray(rest[messages]) || stream !== true) {
    return failure(400, { message: `Missing '${messages}'.`, code: 'missing_required_parameter' });
  }
  return null;
}

function chatCompletion(call: ApiCall): Answer {
  const wrong = wrongWith(call, 'messages');
  if (wrong !== null) return wrong;
  const { model, tools } = objectOf(call.json);
  const chunk = (delta: object, finish: string | null = null) =>
    event({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_764_000_000,
      model,
      service_tier: 'default',
      system_fingerprint: 'fp_1',
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    });
  const role = chunk({ role: 'assistant', content: '', refusal: null });
  if (Array.isArray(tools)) {
    const called = (more: object) => chunk({ tool_calls: [{ index: 0, ...more }] });
    return [
      role,
      called({ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }),
      called({ function: { arguments: '{"city":' } }),
      called({ function: { arguments: '"Oslo"}' } }),
      chunk({}, 'tool_calls'),
      event('[DONE]'),
    ];
  }
  return [role, ...PIECES.map((content) => chunk({ content })), chunk({}, 'stop'), event('[DONE]')];
}

function response(call: ApiCall): Answer {
  const wrong = wrongWith(call, 'input');
  if (wrong !== null) return wrong;
  const { model, tools } = objectOf(call.json);
  let sequence = 0;
  const sent = (type: string, members: object) =>
    event({ type, sequence_number: sequence++, ...members }, type);
  const document = (status: string, output: object[]) => ({
    id: 'resp_1',
    object: 'response',
    created_at: 1_764_000_000,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: Array.isArray(tools) ? tools : [],
    top_p: 1,
    truncation: 'disabled',
    usage:
      status === 'completed'
        ? {
            input_tokens: 3,
            input_tokens_details: { cached_tokens: 0 },
            output_tokens: 4,
            output_tokens_details: { reasoning_tokens: 0 },
            total_tokens: 7,
          }
        : null,
    user: null,
    metadata: {},
  });
  const begin = [
    sent('response.created', { response: document('in_progress', []) }),
    sent('response.in_progress', { response: document('in_progress', []) }),
  ];
  if (Array.isArray(tools) && tools.length > 0) {
    const item = (status: string, args: string) => ({
      id: 'fc_1',
      type: 'function_call',
      status,
      arguments: args,
      call_id: 'call_1',
      name: 'weather',
    });
    const done = item('completed', '{"city":"Oslo"}');
    const at = { item_id: 'fc_1', output_index: 0 };
    return [
      ...begin,
      sent('response.output_item.added', { output_index: 0, item: item('in_progress', '') }),
      sent('response.function_call_arguments.delta', { ...at, delta: '{"city":' }),
      sent('response.function_call_arguments.delta', { ...at, delta: '"Oslo"}' }),
      sent('response.function_call_arguments.done', { ...at, arguments: done.arguments }),
      sent('response.output_item.done', { output_index: 0, item: done }),
      sent('response.completed', { response: document('completed', [done]) }),
    ];
  }
  const text = (said: string) => ({ type: 'output_text', text: said, annotations: [], logprobs: [] });
  const item = (status: string, content: object[]) => ({
    id: 'msg_1',
    type: 'message',
    status,
    role: 'assistant',
    content,
  });
  const done = item('completed', [text(PIECES.join(''))]);
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  return [
    ...begin,
    sent('response.output_item.added', { output_index: 0, item: item('in_progress', []) }),
    sent('response.content_part.added', { ...at, part: text('') }),
    ...PIECES.map((delta) => sent('response.output_text.delta', { ...at, delta, logprobs: [] })),
    sent('response.output_text.done', { ...at, text: PIECES.join(''), logprobs: [] }),
    sent('response.content_part.done', { ...at, part: text(PIECES.join('')) }),
    sent('response.output_item.done', { output_index: 0, item: done }),
    sent('response.completed', { response: document('completed', [done]) }),
  ];
}

async function file({ body }: ApiCall): Promise<Response> {
  const form = await body.formData().catch(() => null);
  const sent = form?.get('file');
  const purpose = form?.get('purpose');
  if (!(sent instanceof File) || typeof purpose !== 'string') {
    return failure(400, { message: "'file' and 'purpose' are required.", code: null });
  }
  return Response.json({
    id: `file-${Bun.hash(await sent.text()).toString(36)}`,
    object: 'file',
    bytes: sent.size,
    created_at: 1_764_000_000,
    filename: sent.name,
    purpose,
    status: 'processed',
  });
}
