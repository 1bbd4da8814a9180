import { isJsonType } from '../extensions/jsonBody.ts';
import { parseStrictJson } from '../extensions/strictJson.ts';
import { isObject } from '../jsonSchema/jsonValue.ts';

/**
 * The most tokens that a request lets the API's answer have: its `max_tokens`, `max_completion_tokens`,
 * `max_output_tokens` or `generationConfig.maxOutputTokens`, times how many answers it asks for. Undefined where it
 * names none, or where its body has no single reading.
 *
 * **Security**: of several maxima the greatest counts, whichever the API obeys.
 */
export function tokenMaximum(contentType: string | null, body: Uint8Array | null): number | undefined {
  if (body === null || !isJsonType(contentType)) return undefined;
  const json = parseStrictJson(body);
  if ('problem' in json || !isObject(json.value)) return undefined;
  const request = json.value;
  const generation = isObject(request.generationConfig) ? request.generationConfig : {};
  const maxima = [
    request.max_tokens,
    request.max_completion_tokens,
    request.max_output_tokens,
    generation.maxOutputTokens,
  ].filter(isCount);
  if (maxima.length === 0) return undefined;
  const answers = [request.n, request.best_of, generation.candidateCount].filter(isCount);
  return Math.max(...maxima) * Math.max(1, ...answers);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
