/** One chunk of the chunked transfer coding (RFC 9112, section 7.1). `bytes` must not be empty: that is the last one. */
export function chunk(bytes: Uint8Array): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`;
  const framed = Buffer.allocUnsafe(size.length + bytes.length + 2);
  framed.write(size, 0, 'latin1');
  framed.set(bytes, size.length);
  framed.write('\r\n', size.length + bytes.length, 'latin1');
  return framed;
}

export const LAST_CHUNK: Uint8Array = Buffer.from('0\r\n\r\n');
