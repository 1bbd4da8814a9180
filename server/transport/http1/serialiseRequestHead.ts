import { isField } from '../../http1/fieldName.ts';
import { type RequestBody, TransportError, type UpstreamRequest } from '../transport.ts';

/**
 * The request's head as Latin-1 text (RFC 9112, sections 3 and 6). The fields go out as they are, in their order and
 * spelling; added is what frames the body and nothing else. `Expect` never goes out, as nobody here would wait for a
 * 100.
 *
 * **Security**: throws {@link TransportError} with the reason `request: …` when a part could end a line, frame
 * the body a second time or be read as another host: the last defence against request splitting.
 */
export function serialiseRequestHead(request: UpstreamRequest): string {
  const { method, target, headers, body } = request;
  if (!TOKEN.test(method)) throw fault('method');
  if (!TARGET.test(target)) throw fault('target');
  let text = `${method} ${target} HTTP/1.1\r\n`;
  let hosts = 0;
  for (const [name, value] of headers) {
    if (!TOKEN.test(name)) throw fault('header name');
    if (NOT_IN_VALUE.test(value)) throw fault('header value');
    switch (name.length) {
      case 4:
        if (isField(name, 'Host')) hosts++;
        break;
      case 6:
        if (isField(name, 'Expect')) continue;
        break;
      case 14:
        if (isField(name, 'Content-Length')) throw fault('framing field');
        break;
      case 17:
        if (isField(name, 'Transfer-Encoding')) throw fault('framing field');
    }
    text += `${name}: ${value}\r\n`;
  }
  if (hosts !== 1) throw fault('host');
  return `${text}${framing(body)}\r\n`;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^(?:\/[\x21-\x7e\x80-\xff]*|\*)$/;
// A character above 0xFF would be cut to its low byte, which may be a line feed.
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

function framing(body: RequestBody): string {
  if (body === null) return '';
  return body.length === null ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${body.length}\r\n`;
}

function fault(what: string): TransportError {
  return new TransportError('upstream_unreachable', `request: malformed ${what}`, { sent: false });
}
