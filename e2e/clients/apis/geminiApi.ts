import { type Answer, type ApiCall, type ApiServer, event, objectOf, startApiServer } from './apiServer.ts';
import { PIECES } from './openAiApi.ts';

/** A stand-in for the Gemini API: content, streamed, and files in one piece of a resumable upload. */
export function startGeminiApi(key: string): ApiServer {
  return startApiServer({
    isAuthorised: (headers) => headers.get('x-goog-api-key') === key,
    unauthorised: () =>
      failure(403, { message: 'Method doesn’t allow unregistered callers.', status: 'PERMISSION_DENIED' }),
    answer(call) {
      const model = /^\/v1\/models\/([\w.-]+):streamGenerateContent$/.exec(call.path)?.[1];
      if (call.method === 'POST' && model !== undefined && call.query.get('alt') === 'sse') {
        return content(call, model);
      }
      if (call.method === 'POST' && call.path === '/upload/v1/files') return upload(call);
      return failure(404, { message: `Not found: ${call.path}`, status: 'NOT_FOUND' });
    },
  });
}

function failure(code: number, error: { message: string; status: string }): Response {
  return Response.json({ error: { code, ...error } }, { status: code });
}

function content({ json }: ApiCall, model: string): Answer {
  const { contents, tools } = objectOf(json);
  if (model === 'no-such-model') {
    return failure(404, { message: 'models/no-such-model is not found', status: 'NOT_FOUND' });
  }
  if (!Array.isArray(contents)) {
    return failure(400, {
      message: 'GenerateContentRequest.contents: contents is not specified',
      status: 'INVALID_ARGUMENT',
    });
  }
  const sent = (part: object, finish?: string) =>
    event({
      candidates: [
        { content: { parts: [part], role: 'model' }, index: 0, ...(finish && { finishReason: finish }) },
      ],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 },
      modelVersion: model,
      responseId: 'r1',
    });
  if (Array.isArray(tools)) {
    return [sent({ functionCall: { name: 'weather', args: { city: 'Oslo' } } }, 'STOP')];
  }
  return PIECES.map((text, index) => sent({ text }, index === PIECES.length - 1 ? 'STOP' : undefined));
}

async function upload(call: ApiCall): Promise<Response> {
  const { headers, query, body, origin } = call;
  const command = headers.get('x-goog-upload-command');
  if (command === 'start') {
    const url = `${origin}/upload/v1/files?upload_id=1&upload_protocol=resumable`;
    return Response.json({}, { headers: { 'X-Goog-Upload-URL': url, 'X-Goog-Upload-Status': 'active' } });
  }
  if (command !== 'upload, finalize' || query.get('upload_id') !== '1') {
    return failure(400, { message: 'no such upload', status: 'INVALID_ARGUMENT' });
  }
  const text = await body.text();
  const file = {
    name: `files/${Bun.hash(text).toString(36)}`,
    sizeBytes: String(text.length),
    mimeType: 'text/plain',
    state: 'ACTIVE',
  };
  return Response.json({ file }, { headers: { 'X-Goog-Upload-Status': 'final' } });
}
