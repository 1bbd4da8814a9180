import { describe, expect, test } from 'bun:test';
import { createUsageMeter } from './usageMeter.ts';

const JSON_TYPE = [['Content-Type', 'application/json']] as const;
const EVENTS = [['content-type', 'text/event-stream; charset=utf-8']] as const;

/** More than is kept. */
const LONG = 'a'.repeat(5 * 1024 * 1024);

/** The total after an answer that comes in pieces of `size` bytes. */
function total(
  headers: readonly (readonly [string, string])[],
  text: string,
  size = 1_000_000,
): number | null {
  const meter = createUsageMeter(headers)!;
  const bytes = new TextEncoder().encode(text);
  for (let i = 0; i < bytes.length; i += size) meter.push(bytes.subarray(i, i + size));
  return meter.total();
}

describe('the usage of a document', () => {
  test.each([
    ['chat completions', { usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 } }, 30],
    ['responses', { usage: { input_tokens: 10, output_tokens: 25, total_tokens: 35 } }, 35],
    ['embeddings', { usage: { prompt_tokens: 8, total_tokens: 8 } }, 8],
    [
      'messages',
      {
        usage: {
          input_tokens: 5,
          cache_creation_input_tokens: 100,
          cache_read_input_tokens: 1000,
          output_tokens: 7,
        },
      },
      1112,
    ],
    [
      'generateContent',
      {
        usageMetadata: {
          promptTokenCount: 4,
          candidatesTokenCount: 6,
          thoughtsTokenCount: 90,
          totalTokenCount: 100,
        },
      },
      100,
    ],
    [
      'a list of documents',
      [{ usageMetadata: { totalTokenCount: 5 } }, { usageMetadata: { totalTokenCount: 9 } }],
      9,
    ],
    ['a usage of nothing', { usage: { prompt_tokens: 0, total_tokens: 0 } }, 0],
    ['no usage', { choices: [] }, null],
    ['a usage that is none', { usage: 'much' }, null],
    ['figures that are none', { usage: { total_tokens: '30' } }, null],
    ['figures below nothing', { usage: { total_tokens: -5, prompt_tokens: 1.5 } }, 0],
  ])('%s', (_, document, expected) => {
    expect(total(JSON_TYPE, JSON.stringify(document), 3)).toBe(expected);
  });

  test('is found behind a byte-order mark', () => {
    expect(total(JSON_TYPE, '\ufeff{"usage":{"total_tokens":9}}')).toBe(9);
  });

  test('is unknown where the document was cut off', () => {
    expect(total(JSON_TYPE, '{"usage":{"total_tokens":30}')).toBeNull();
    expect(total(JSON_TYPE, `{"text":"${LONG}","usage":{"total_tokens":30}`)).toBeNull();
  });

  test.each([1000, 65_536, 100_000_000])(
    'is found at the end of a long one, in pieces of %d bytes',
    (size) => {
      const usage = { total_tokens: 30 };
      expect(total(JSON_TYPE, JSON.stringify({ data: [{ b64_json: LONG }], usage }), size)).toBe(30);
      const responses = { output: [LONG], usage, metadata: { usage: 'none', 'a"usage"': '"usage":{}' } };
      expect(total(JSON_TYPE, JSON.stringify(responses), size)).toBe(30);
      const list = [LONG, 1].map((text, i) => ({ text, usageMetadata: { totalTokenCount: i + 4 } }));
      expect(total(JSON_TYPE, JSON.stringify(list), size)).toBe(5);
    },
  );

  test('of a long document is none that its texts, or its parts, tell', () => {
    const usage = { total_tokens: 30 };
    for (const last of [
      { text: JSON.stringify({ usage }) },
      { choices: [{ usage }] },
      { choices: { a: { usage } } },
    ]) {
      expect(total(JSON_TYPE, JSON.stringify({ b64_json: LONG, ...last }))).toBeNull();
    }
  });

  test('cannot be read of what is encoded or is no JSON', () => {
    expect(createUsageMeter([...JSON_TYPE, ['Content-Encoding', 'gzip']])).toBeNull();
    expect(createUsageMeter([['content-type', 'text/plain']])).toBeNull();
    expect(createUsageMeter([])).toBeNull();
  });
});

describe('the usage of an event stream', () => {
  const chat =
    'data: {"choices":[{"delta":{"content":"\\"usage\\": äß"}}],"usage":null}\n\n' +
    'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}\n\ndata: [DONE]\n\n';

  test.each([1, 2, 7, 1000])('is found in pieces of %d bytes', (size) => {
    expect(total(EVENTS, chat, size)).toBe(30);
    expect(total(EVENTS, chat.replaceAll('\n', '\r\n'), size)).toBe(30);
    expect(total(EVENTS, chat.replaceAll('\n', '\r'), size)).toBe(30);
  });

  test.each([1, 2, 7, 1000])('is found in an event of several data lines, in pieces of %d bytes', (size) => {
    for (const end of ['\n', '\r\n', '\r']) {
      const stream = ['data: {', 'data: "usage":', 'id: 1', 'data: {"total_tokens": 12}}', '', ''].join(end);
      expect(total(EVENTS, stream, size)).toBe(12);
    }
  });

  test('counts running totals once', () => {
    const messages =
      'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":1}}}\n\n' +
      'event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":15}}\n\n' +
      'event: message_stop\ndata: {"type":"message_stop"}\n\n';
    expect(total(EVENTS, messages)).toBe(40);
    const responses =
      'data: {"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}\n\n';
    expect(total(EVENTS, responses)).toBe(7);
  });

  test('is what was reported until it broke off, or unknown', () => {
    expect(
      total(EVENTS, 'data: {"message":{"usage":{"input_tokens":25,"output_tokens":1}}}\n\ndata: {"ty'),
    ).toBe(26);
    expect(total(EVENTS, 'data: {"choices":[]}\n\n')).toBeNull();
  });

  test.each([65_536, 100_000_000])(
    'is found at the end of a long event, and after one, in pieces of %d',
    (size) => {
      const event = (document: unknown) => `data: ${JSON.stringify(document)}\n\n`;
      const usage = { total_tokens: 31 };
      expect(total(EVENTS, event({ b64_json: LONG, usage }), size)).toBe(31);
      expect(total(EVENTS, event({ response: { output: [LONG], usage, user: null }, n: 1 }), size)).toBe(31);
      expect(total(EVENTS, event({ b64_json: LONG }) + chat, size)).toBe(30);
      expect(total(EVENTS, `: ${LONG}\n\n${chat}`, size)).toBe(30);
      const lines = `data: {"a":"${LONG}",\ndata: "usage": {"total_tokens": 32}}\n\n`;
      expect(total(EVENTS, lines, size)).toBe(32);
    },
  );
});
