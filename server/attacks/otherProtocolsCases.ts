import type { WireCase } from '../testing/wireAttack.ts';

const version = (text: string) => `GET /?QUERY ${text}\r\nHost: a\r\n\r\n`;

export const VERSIONS: WireCase[] = [
  ['HTTP/0.9', 'GET /?QUERY\r\n', 'bad_request', 505],
  ['HTTP/0.9 in words', version('HTTP/0.9'), 'bad_request', 505],
  ['HTTP/1.2', version('HTTP/1.2'), 'bad_request', 505],
  ['HTTP/1.10', version('HTTP/1.10'), 'bad_request', 505],
  ['HTTP/11.1', version('HTTP/11.1'), 'bad_request', 505],
  ['HTTP/1', version('HTTP/1'), 'bad_request', 505],
  ['HTTP/2.0', version('HTTP/2.0'), 'bad_request', 505],
  ['http/1.1', version('http/1.1'), 'bad_request', 505],
  ['HTTP/1.1 with a NUL', version('HTTP/1.1\0'), 'bad_request', 505],
  ['HTTPS/1.1', version('HTTPS/1.1'), 'bad_request', 505],
  ['ICY/1.1', version('ICY/1.1'), 'bad_request', 505],
  ['HTTP/1.0 without a Host', 'GET /?QUERY HTTP/1.0\r\n\r\n', 'bad_request'],
];

const TLS_HELLO = `\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03${'\x5a'.repeat(32)}\x00\x00\x02\x13\x01\x01\x00\x00\x99`;

export const STRANGERS: WireCase[] = [
  [
    "HTTP/2's preface",
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00',
    'bad_request',
    400,
  ],
  ["TLS's hello", TLS_HELLO, 'bad_request', 400],
  [
    'the PROXY protocol',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n',
    'bad_request',
    400,
  ],
  [
    'the PROXY protocol, version 2',
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\x0a\0\0\x01\x0a\0\0\x02\0\x01\0\x02',
    'bad_request',
    400,
  ],
  ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n', 'bad_request', 400],
  ['SMTP', 'EHLO a.test\r\n', 'bad_request', 400],
  ['RTSP', 'OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n', 'bad_request', 400],
  ['SIP', 'INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n', 'bad_request', 400],
  ['Redis', '*1\r\n$4\r\nPING\r\n', 'bad_request', 400],
  ['an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'bad_request', 400],
];

export const METHODS: WireCase[] = [
  ['CONNECT', 'CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n', 'method_not_allowed', null],
  ['CONNECT with a signed query', 'CONNECT /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'method_not_allowed'],
  ['TRACE', 'TRACE /?QUERY HTTP/1.1\r\nHost: a\r\n\r\n', 'method_not_allowed'],
  [
    'TRACE with Max-Forwards',
    'TRACE /?QUERY HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n',
    'method_not_allowed',
  ],
];
