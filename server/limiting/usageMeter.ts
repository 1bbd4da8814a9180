import { isObject, type JsonObject } from '../jsonSchema/jsonValue.ts';
import type { HeaderPairs } from '../transport/transport.ts';
import { usageAtEnd } from './usageAtEnd.ts';

/** Reads the usage that an API reports in its answer. */
export interface UsageMeter {
  push(bytes: Uint8Array): void;
  /** The tokens in all; null when nothing was reported that can be read. Final once the answer has ended. */
  total(): number | null;
}

/**
 * Makes the meter for an answer by its headers: for an event stream, each event's `usage` (the last, largest figures
 * count, as APIs report running totals); for JSON, the document's. Null for an answer that cannot hold one: of
 * another type, or encoded.
 *
 * Known are `usage` of OpenAI's and Anthropic's APIs, also inside `response` and `message`, and Gemini's
 * `usageMetadata`. Nothing is estimated.
 */
export function createUsageMeter(headers: HeaderPairs): UsageMeter | null {
  const type = headerValue(headers, 'content-type').toLowerCase();
  const coding = headerValue(headers, 'content-encoding').toLowerCase();
  if (coding !== '' && coding !== 'identity') return null;
  if (/^text\/event-stream\s*(?:;|$)/.test(type)) return new EventUsage();
  return /^(?:application\/json|[^;\s]+\+json)\s*(?:;|$)/.test(type) ? new DocumentUsage() : null;
}

/** Counts that an API has reported, each at its largest. */
class Usage {
  #input = 0;
  #output = 0;
  #total = 0;
  #reported = false;

  /** Takes the usage of a document, wherever the known APIs put it. */
  read(document: unknown): void {
    // Gemini's stream without `alt=sse` is a list of its documents.
    if (Array.isArray(document)) {
      for (const each of document) this.read(each);
      return;
    }
    if (!isObject(document)) return;
    for (const holder of [document, document.response, document.message]) {
      if (!isObject(holder)) continue;
      if (isObject(holder.usage)) this.#take(holder.usage, INPUT, OUTPUT, 'total_tokens');
      if (isObject(holder.usageMetadata)) {
        this.#take(holder.usageMetadata, GEMINI_INPUT, GEMINI_OUTPUT, 'totalTokenCount');
      }
    }
  }

  get total(): number | null {
    return this.#reported ? Math.max(this.#total, this.#input + this.#output) : null;
  }

  #take(usage: JsonObject, input: readonly string[], output: readonly string[], total: string): void {
    const sum = (names: readonly string[]) => names.reduce((all, name) => all + count(usage[name]), 0);
    this.#input = Math.max(this.#input, sum(input));
    this.#output = Math.max(this.#output, sum(output));
    this.#total = Math.max(this.#total, count(usage[total]));
    this.#reported ||= [...input, ...output, total].some((name) => typeof usage[name] === 'number');
  }
}

// Of one API a usage has either of the first two; Anthropic counts what its cache gave and took apart.
const INPUT = ['prompt_tokens', 'input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
const OUTPUT = ['completion_tokens', 'output_tokens'];
const GEMINI_INPUT = ['promptTokenCount', 'toolUsePromptTokenCount'];
const GEMINI_OUTPUT = ['candidatesTokenCount', 'thoughtsTokenCount'];

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}

/** An event stream: the data of every event that can hold a usage is read, its lines joined (HTML, section 9.2.6). */
class EventUsage implements UsageMeter {
  readonly #usage = new Usage();
  readonly #decoder = new TextDecoder();
  #line = '';
  #data = '';
  #endedInCr = false;
  /** Of what is too long only the end is kept. */
  #isCut = false;

  push(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    // The line feed of a line that ended with the piece before is no empty line.
    const lines = (this.#endedInCr && text.startsWith('\n') ? text.slice(1) : text).split(/\r\n|\n|\r/);
    if (text !== '') this.#endedInCr = text.endsWith('\r');
    const rest = lines.pop()!;
    for (const line of lines) {
      this.#take(this.#line + line);
      this.#line = '';
    }
    this.#line += rest;
    if (this.#line.length > MOST_KEPT) {
      this.#isCut = true;
      this.#line = `${this.#line.startsWith(DATA) ? DATA : ':'}${this.#line.slice(-END_KEPT)}`;
    }
  }

  total(): number | null {
    this.#take(this.#line);
    this.#take('');
    this.#line = '';
    return this.#usage.total;
  }

  #take(line: string): void {
    if (line.startsWith(DATA)) this.#data += `\n${line.slice(DATA.length)}`;
    if (this.#data.length > MOST_KEPT) {
      this.#isCut = true;
      this.#data = this.#data.slice(-END_KEPT);
    }
    if (line !== '') return;
    if (this.#data.includes('"usage')) this.#usage.read(documents(this.#data, { isCut: this.#isCut }));
    this.#data = '';
    this.#isCut = false;
  }
}

const DATA = 'data:';

/** One document: it is kept until it has ended, or its end alone where it is too long. */
class DocumentUsage implements UsageMeter {
  #pieces: Uint8Array[] = [];
  #length = 0;
  #isCut = false;

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#length += bytes.byteLength;
    if (this.#length <= MOST_KEPT) return;
    this.#isCut = true;
    const end = Buffer.concat(this.#pieces).subarray(-END_KEPT);
    // Copied, so that what it was a part of goes.
    this.#pieces = [Buffer.from(end)];
    this.#length = end.byteLength;
  }

  total(): number | null {
    const usage = new Usage();
    const text = new TextDecoder().decode(Buffer.concat(this.#pieces));
    usage.read(documents(text, { isCut: this.#isCut }));
    return usage.total;
  }
}

// Characters of an event, bytes of a document: several times what the longest answer of text has.
const MOST_KEPT = 4 * 1024 * 1024;
const END_KEPT = 64 * 1024;

function documents(text: string, { isCut }: { isCut: boolean }): unknown {
  if (isCut) return usageAtEnd(text);
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function headerValue(headers: HeaderPairs, wanted: string): string {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1].trim() ?? '';
}
