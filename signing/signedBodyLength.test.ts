import { describe, expect, test } from 'bun:test';
import { Refusal } from './refusal.ts';
import { signedBodyLength } from './signedBodyLength.ts';

function lengthOf(fields: Record<string, string>, options?: { http2?: boolean }): number | string {
  const headers = new Map(Object.entries(fields));
  try {
    return signedBodyLength({ header: (name) => headers.get(name) ?? null }, options);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

describe('the length of a signed body', () => {
  test('is the declared one, and 0 without one over HTTP/1.1', () => {
    expect(lengthOf({ 'content-length': '7' })).toBe(7);
    expect(lengthOf({ 'content-length': '0' })).toBe(0);
    expect(lengthOf({})).toBe(0);
  });

  test('is required in chunks, and over HTTP/2', () => {
    expect(lengthOf({ 'transfer-encoding': 'chunked' })).toBe('length_required');
    expect(lengthOf({ 'content-length': '7', 'transfer-encoding': 'chunked' })).toBe('length_required');
    expect(lengthOf({}, { http2: true })).toBe('length_required');
  });

  // A parser in front refuses most of these; NaN would pass every limit.
  test.each(['', ' ', '-1', '+1', '1e3', '0x10', '1.0', '7, 7', 'Infinity', '٧'])('is not %j', (length) => {
    expect(lengthOf({ 'content-length': length })).toBe('bad_request');
  });

  test('may be over every limit, and is a number still', () => {
    expect(lengthOf({ 'content-length': '9'.repeat(400) })).toBe(Number.POSITIVE_INFINITY);
  });
});
