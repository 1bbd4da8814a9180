import { members, messageOf, parseDocument } from './document.ts';
import type { StreamOptions } from './readText.ts';
import { SignwayError } from './signwayError.ts';
import { type StreamEvent, streamEvents } from './streamEvents.ts';

export interface StreamTextOptions extends StreamOptions {
  /**
   * The text of an event; undefined for one that has none. Default: that of OpenAI's chat completions and
   * responses, Anthropic's messages and Gemini's content streams, whichever the event is.
   */
  textOf?(event: StreamEvent): string | undefined;
}

/**
 * Yields the text of a model's streamed answer, piece by piece, as it arrives. What follows `[DONE]` is read and
 * not looked at: leaving there would close the connection, and the gateway would record a client that left.
 *
 * @throws {SignwayError} as {@link streamEvents}, and `upstream_error` for an error that the API sends as an
 * event
 * @example
 * for await (const text of streamText(signwayFetch(url, init))) output.append(text);
 */
export async function* streamText(
  response: Response | PromiseLike<Response>,
  { textOf = textOfModel, ...options }: StreamTextOptions = {},
): AsyncGenerator<string, void, void> {
  let done = false;
  for await (const event of streamEvents(response, options)) {
    done ||= event.data === '[DONE]';
    const text = done ? undefined : textOf(event);
    if (text) yield text;
  }
}

function textOfModel({ type, data }: StreamEvent): string | undefined {
  const document = parseDocument(data);
  const event = members(document);
  if (type === 'error' || event.error || event.type === 'response.failed') {
    const failed = event.error ? document : (event.response ?? document);
    throw new SignwayError('upstream_error', messageOf(failed) ?? 'the API sent an error', { document });
  }
  const delta = members(event.delta);
  return [
    // OpenAI's responses
    event.type === 'response.output_text.delta' ? event.delta : undefined,
    // Anthropic's messages
    delta.type === 'text_delta' ? delta.text : undefined,
    // OpenAI's chat completions
    members(first(event.choices).delta).content,
    // Gemini's content
    list(members(first(event.candidates).content).parts)
      .map((part) => (members(part).thought ? '' : (members(part).text ?? '')))
      .join(''),
  ].find((text) => typeof text === 'string') as string | undefined;
}

function first(value: unknown): Record<string, unknown> {
  return members(list(value)[0]);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
