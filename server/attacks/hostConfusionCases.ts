import type { WireCase } from '../testing/wireAttack.ts';

const get = (host: string) => `GET /?QUERY HTTP/1.1\r\n${host}\r\n`;

export const HOSTS: WireCase[] = [
  ['two Hosts that differ', get('Host: a\r\nHost: b\r\n'), 'bad_request'],
  ['one Host twice', get('Host: a\r\nHost: a\r\n'), 'bad_request'],
  ['two Hosts with the second in another case', get('Host: a\r\nhOST: b\r\n'), 'bad_request'],
  ['two Hosts in one line', get('Host: a, b\r\n'), 'bad_request'],
  ['an empty Host', get('Host:\r\n'), 'bad_request'],
  ['a Host of spaces', get('Host:   \r\n'), 'bad_request'],
  ['no Host', get(''), 'bad_request', 400],
  ['a Host with a space', get('Host: a b\r\n'), 'bad_request'],
  ['a Host with a tab', get('Host: a\tb\r\n'), 'bad_request'],
  ['a Host with a path', get('Host: a/b\r\n'), 'bad_request'],
  ['a Host with a query', get('Host: a?b\r\n'), 'bad_request'],
  ['a Host with a fragment', get('Host: a#b\r\n'), 'bad_request'],
  ['a Host with a backslash', get('Host: a\\b\r\n'), 'bad_request'],
  ['a Host with user info', get('Host: x@a\r\n'), 'bad_request'],
  ['a Host with a scheme', get('Host: http://a\r\n'), 'bad_request'],
  ['a Host with a port that is no number', get('Host: a:b\r\n'), 'bad_request'],
  ['a Host with two ports', get('Host: a:1:2\r\n'), 'bad_request'],
  ['a Host with a port of six digits', get('Host: a:123456\r\n'), 'bad_request'],
  ['a Host with a port above 65535', get('Host: a:65536\r\n'), 'bad_request', null],
  ['a Host with no name but a port', get('Host: :80\r\n'), 'bad_request'],
  ['a Host with an open bracket', get('Host: [::1\r\n'), 'bad_request'],
  ['a Host with a zone', get('Host: [fe80::1%25eth0]\r\n'), 'bad_request'],
  ['a Host beyond ASCII', get('Host: \u00e9.test\r\n'), 'bad_request'],
  ['a Host behind a NUL', get('Host: a\0b\r\n'), 'bad_request', 400],
  ['a Host with a space before its colon', get('Host : a\r\n'), 'bad_request', 400],
  ['a Host on a folded line', get('Host:\r\n a\r\n'), 'bad_request', 400],
  ['a Host behind a bare CR', get('X: y\rHost: a\r\n'), 'bad_request', 400],
];

const target = (text: string, method = 'GET') => `${method} ${text} HTTP/1.1\r\nHost: a\r\n\r\n`;

export const TARGETS: WireCase[] = [
  ['an absolute target of another host', target('http://b/?QUERY'), 'bad_request', null],
  ['an absolute target of another port', target('http://a:81/?QUERY'), 'bad_request', null],
  ['an absolute target with user info', target('http://x@a/?QUERY'), 'bad_request', null],
  ['an absolute target of another scheme', target('ftp://a/?QUERY'), 'bad_request', null],
  ['an absolute target without a host', target('http:///?QUERY'), 'bad_request', null],
  [
    'an absolute target beside a malformed Host',
    'GET http://a/?QUERY HTTP/1.1\r\nHost: a b\r\n\r\n',
    'bad_request',
  ],
  [
    'an absolute target beside two Hosts',
    'GET http://a/?QUERY HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'bad_request',
  ],
  ['a target without a slash', target('?QUERY'), 'bad_request', null],
  ['a target that is a name', target('a?QUERY'), 'bad_request', null],
  ['a target with a fragment', target('/?QUERY#fragment'), 'bad_request', null],
  ['a target with a backslash', target('\\?QUERY'), 'bad_request', null],
  ['a target with a control character', target('/?QUERY&x=\x01'), 'bad_request', 505],
  ['a target with DEL', target('/?QUERY&x=\x7f'), 'bad_request', null],
  ['a target with NUL', target('/?QUERY&x=\0'), 'bad_request', 505],
  ['a target with a tab', target('/?QUERY&x=\t'), 'bad_request', 505],
  ['a target with a space', target('/?QUERY&x= y'), 'bad_request', 505],
  ['a target with a bare CR', target('/?QUERY&x=\ry'), 'bad_request', 505],
  ['a target with a byte beyond ASCII', target('/?QUERY&x=\xff'), 'bad_request', null],
  ['an empty target', target(''), 'bad_request', 400],
  ['an authority as a GET’s target'.replace('’', "'"), target('a:80'), 'bad_request', null],
  ['an asterisk as a GET target', target('*'), 'bad_request', null],
];
