import type { OptionsDef } from './commandLine.ts';
import { LIMIT_OPTIONS } from './limitOptions.ts';
import { DEFAULT_TRANSPORT } from './transportChoice.ts';

const UPSTREAM = 'The upstream';
const LISTENING = 'Listening';
const PAGES = 'Pages (CORS)';

/** What `signway serve` takes. */
export const SERVE_OPTIONS = {
  id: {
    type: 'positional',
    required: false,
    description: "The app's id (SW_ID)",
  },
  secret: {
    type: 'positional',
    required: false,
    description: "The app's secret. Others can read a command line: prefer SW_SECRET or SW_SECRET_FILE",
  },
  config: {
    type: 'string',
    alias: ['c'],
    valueHint: 'file',
    description: 'The configuration file, with its apps (SW_CONFIG, or signway.config.* here)',
  },
  'reload-on-change': {
    type: 'boolean',
    description: 'Read the configuration file again when it changes, beside SIGHUP',
  },
  store: {
    type: 'string',
    valueHint: 'memory|sqlite:file|redis://…',
    description: 'Where uses, limits and revocations are counted (SW_STORE, or memory)',
  },
  'secret-file': {
    type: 'string',
    group: 'Secrets',
    valueHint: 'file',
    description: 'Read the secret from a file (SW_SECRET_FILE)',
  },
  header: {
    type: 'string',
    alias: ['H'],
    repeatable: true,
    group: 'Secrets',
    valueHint: 'name: value',
    description: 'A header added to every upstream request; repeatable (SW_HEADERS, one a line)',
  },
  'headers-file': {
    type: 'string',
    group: 'Secrets',
    valueHint: 'file',
    description: 'Read the headers from a file, one a line (SW_HEADERS_FILE)',
  },
  'allow-upstream': {
    type: 'string',
    repeatable: true,
    group: UPSTREAM,
    valueHint: 'origin',
    description:
      'Where requests may go: https://api.example.com, with a path, or https://*.example.com; repeatable',
  },
  'report-only': {
    type: 'boolean',
    group: UPSTREAM,
    description: 'Let requests to other upstreams through and report them, to try --allow-upstream out',
  },
  'allow-network': {
    type: 'string',
    repeatable: true,
    group: UPSTREAM,
    valueHint: 'cidr',
    description: 'Open a private network, such as 10.0.0.0/8; repeatable',
  },
  resolve: {
    type: 'string',
    repeatable: true,
    group: UPSTREAM,
    valueHint: 'host:port:address',
    description: "Pin a name to an address, as curl's --resolve does; repeatable",
  },
  'upstream-ca': {
    type: 'string',
    group: UPSTREAM,
    valueHint: 'file',
    description: "Certificates to trust for upstreams beside the system's, as PEM",
  },
  transport: {
    type: 'string',
    group: UPSTREAM,
    valueHint: 'fetch|http1',
    description: `How upstreams are called (${DEFAULT_TRANSPORT})`,
  },
  port: {
    type: 'string',
    alias: ['p'],
    group: LISTENING,
    valueHint: 'port',
    description: 'The port to listen on; 0 takes a free one (PORT, or 3000)',
  },
  host: {
    type: 'string',
    group: LISTENING,
    valueHint: 'address',
    description: 'The address to listen on (every address)',
  },
  front: {
    type: 'string',
    group: LISTENING,
    valueHint: 'http1|bun',
    description: "What reads requests: the gateway's own server, or Bun.serve (http1)",
  },
  'tls-cert': {
    type: 'string',
    group: LISTENING,
    valueHint: 'file',
    description: 'Listen for TLS, with HTTP/2: the certificate and its chain, as PEM (SW_TLS_CERT)',
  },
  'tls-key': {
    type: 'string',
    group: LISTENING,
    valueHint: 'file',
    description: 'Its private key, as PEM; both are read again when they change (SW_TLS_KEY)',
  },
  'base-path': {
    type: 'string',
    group: LISTENING,
    valueHint: 'path',
    description: 'The path that it is mounted under, such as /gw (/)',
  },
  'trust-proxy': {
    type: 'string',
    repeatable: true,
    group: LISTENING,
    valueHint: 'cidr',
    description: 'A proxy in front whose X-Forwarded-For says who the client is; repeatable (none)',
  },
  workers: {
    type: 'string',
    group: LISTENING,
    valueHint: 'number|auto',
    description: 'Serve in so many processes on one port, auto being one a core (this process alone)',
  },
  drain: {
    type: 'string',
    group: LISTENING,
    valueHint: 'time',
    description: 'How long running streams may go on after SIGTERM or Ctrl-C (30s)',
  },
  'bytes-monitor': {
    type: 'boolean',
    group: LISTENING,
    default: true,
    negativeDescription: 'Write no line for each exchange',
    description: 'Write a line of JSON to stdout for each exchange (on)',
  },
  'access-control-allow-origin': {
    type: 'string',
    repeatable: true,
    group: PAGES,
    valueHint: 'origin',
    description: 'Whose pages may use the gateway; repeatable, or separated by commas (*)',
  },
  'access-control-allow-methods': {
    type: 'string',
    group: PAGES,
    valueHint: 'list',
    description: 'Methods a preflight allows (those it asks for)',
  },
  'access-control-allow-headers': {
    type: 'string',
    group: PAGES,
    valueHint: 'list',
    description: 'Headers a preflight allows (those it asks for)',
  },
  ...LIMIT_OPTIONS,
} as const satisfies OptionsDef;
