import * as v from 'valibot';
import type { Limits } from '../server/limits.ts';
import { isBasePath } from '../server/mount.ts';
import { didYouMean } from './nearestName.ts';
import { PRESETS, type PresetName } from './presets.ts';

/**
 * The shape of a configuration file: the one source of its types, of its JSON Schema and of the check. What
 * depends on other parts of the file, the environment or the disk is checked by `compileConfig`.
 */

const A_TIME = 'must be a time such as 30s, 500ms, 10m, 1h or 7d, or a number of seconds';
const duration = v.union(
  [
    v.pipe(v.string(), v.regex(/^(?:\d{1,10}|(?:\d{1,10}(?:ms|[smhd]))+)$/, A_TIME)),
    v.pipe(v.number(), v.finite(A_TIME), v.minValue(0, A_TIME)),
  ],
  A_TIME,
);

const A_SIZE = 'must be a size such as 10MiB or 512KiB, or a number of bytes';
const size = v.union(
  [
    v.pipe(v.string(), v.regex(/^\d{1,6}(?:\.\d{1,3})? ?(?:[KMG]i?B|B)?$|^\d{1,15}$/, A_SIZE)),
    v.pipe(v.number(), v.safeInteger(A_SIZE), v.minValue(0, A_SIZE)),
  ],
  A_SIZE,
);

const count = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(0, 'must not be under 0'),
);

const text = v.pipe(v.string('must be a text'), v.minLength(1, 'must not be empty'));

const texts = v.array(text, 'must be a list of texts');

const origins = v.union(
  [v.literal('*'), v.array(text)],
  "must be '*' or a list of origins such as https://app.example.com",
);

const windowed = {
  limit: described(count, 'How many or how much.'),
  window: described(duration, 'For how long.'),
};

const limits = shape({
  requests: optional(shape(windowed), 'Requests in a window of time, which begins with its first.'),
  streams: optional(count, 'Exchanges at the same time.'),
  bytes: optional(
    shape({
      limit: described(size, 'How much.'),
      window: windowed.window,
      reserve: optional(size, 'What an exchange reserves at a time. Default: 1MiB.'),
    }),
    'Bytes of bodies, both ways, in a window of time.',
  ),
  tokens: optional(
    shape({
      ...windowed,
      reserve: described(count, 'What is reserved for a request that names no maximum of its own.'),
      unreported: optional(
        oneOf(['none', 'reserved'], "must be 'none' or 'reserved'"),
        "What an answer of unknown usage counts. Default: 'none'.",
      ),
    }),
    'Tokens, as the upstream reports them, in a window of time.',
  ),
  duration: optional(duration, 'How long one exchange may last; then it is ended.'),
});

const upstream = shape({
  preset: optional(
    oneOf(Object.keys(PRESETS) as PresetName[], `must be one of ${Object.keys(PRESETS).join(', ')}`),
    'A known API: its origin, and the header that carries its key.',
  ),
  key: optional(text, "The preset's API key: env:NAME, file:PATH, or the key itself."),
  origin: optional(
    text,
    'Where requests may go: https://api.example.com, with a path, or https://*.example.com for one label.',
  ),
  headers: optional(
    v.record(v.string(), text, 'must be an object of texts'),
    'Headers set on every request that goes there: env:NAME, file:PATH, or text that may hold {env:NAME}.',
  ),
  methods: optional(texts, 'Methods it may be called with. Default: any.'),
  denyHeaders: optional(texts, 'Headers of clients that it never gets, beside those that never pass.'),
  timeouts: optional(
    shape({
      connect: optional(duration, 'To connect, TLS included.'),
      head: optional(duration, "From the request being sent to the answer's status."),
      silence: optional(duration, 'Silence within an answer that is no event stream.'),
      eventStreamSilence: optional(duration, 'Silence within an event stream.'),
      total: optional(duration, 'A whole exchange.'),
    }),
    "Times to wait; 0 for none. Default: the gateway's.",
  ),
});

const app = shape({
  id: described(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    v.pipe(text, v.regex(/^[^/\u0000-\u001f\u007f]+$/, 'must hold no slash and no control character')),
    'The id in X-Sw-Credential.',
  ),
  secrets: described(
    v.pipe(texts, v.minLength(1, 'must hold at least one secret')),
    'Any of them verifies: env:NAME, file:PATH, or the secret itself. Add, deploy, remove to rotate.',
  ),
  upstreams: described(
    v.pipe(
      v.array(upstream, 'must be a list of upstreams'),
      v.minLength(1, 'must hold at least one upstream'),
    ),
    'Where its requests may go. The first that matches is used.',
  ),
  allowOrigins: optional(origins, "Origins whose pages may use its URLs. Default: the gateway's."),
  maxExpiry: optional(duration, "Longest validity of its URLs. Default: the gateway's."),
  require: optional(
    v.array(
      oneOf(['nonce', 'subject', 'bodySchema'], 'must be nonce, subject or bodySchema'),
      'must be a list',
    ),
    'Extensions that every URL of its must have.',
  ),
  schemas: optional(
    v.record(
      v.string(),
      v.union([v.record(v.string(), v.unknown()), v.boolean()], 'must be an object, true or false'),
      'must be an object of schemas',
    ),
    'JSON Schemas (2020-12) that X-Sw-BodySchema can name.',
  ),
  limits: optional(limits, 'What all its requests may take together.'),
  subjectLimits: optional(limits, 'What the requests of one X-Sw-Subject may take together.'),
  whenStoreIsAway: optional(
    oneOf(['refuse', 'allow'], "must be 'refuse' or 'allow'"),
    "What happens under limits while the store cannot be asked. Default: 'refuse'. Nonces are always refused.",
  ),
});

const gatewayLimits = shape({
  maxHeaderBytes: optional(size, 'Largest header section of a request. Default: 16KiB.'),
  maxRequests: optional(count, 'Requests that are answered at the same time; 0: any. Default: 10000.'),
  maxRequestsPerClient: optional(count, 'The same for one client address; 0: any. Default: any.'),
  maxHeldBytes: optional(size, 'Bodies held in memory, all requests together; 0: any. Default: 256MiB.'),
  headerTimeout: optional(duration, "From a request's first byte to the end of its headers. Default: 15s."),
  bodySilenceTimeout: optional(duration, 'Silence within a body that is streamed through. Default: 1m.'),
  keepAliveTimeout: optional(duration, 'Between two requests on one connection. Default: 75s.'),
  sendTimeout: optional(duration, 'While a client takes nothing of its answer. Default: 1m.'),
  maxExpiry: optional(duration, 'Longest validity that a URL may claim. Default: 7d.'),
  clockSkew: optional(duration, 'How far a signing time may lie ahead. Default: 5m.'),
  maxUrlLength: optional(size, 'Longest URL. Default: 12KiB.'),
  maxSignedBody: optional(
    size,
    'Largest body that is held in memory to be verified or judged. Default: 10MiB.',
  ),
  maxBody: optional(size, 'Largest body that is streamed through. Default: 128MiB.'),
  bodyTimeout: optional(duration, 'To receive a body that is held. Default: 1m.'),
  connectTimeout: optional(duration, 'To connect to an upstream, TLS included. Default: 10s.'),
  headTimeout: optional(duration, "From the request being sent to the upstream's status. Default: 10m."),
  silenceTimeout: optional(duration, 'Silence within an answer that is no event stream. Default: 5m.'),
  eventStreamSilenceTimeout: optional(duration, 'Silence within an event stream. Default: none.'),
  totalTimeout: optional(duration, 'A whole exchange. Default: none.'),
} satisfies Record<keyof Limits, v.GenericSchema>);

const store = v.union(
  [
    v.literal('memory'),
    shape({
      sqlite: optional(text, 'For one machine: the file, relative to this one.'),
      redis: optional(text, 'For many machines: a redis:// or rediss:// URL, env:NAME or file:PATH.'),
      prefix: optional(text, "What every key in Redis begins with. Default: 'signway:'."),
      timeout: optional(duration, 'How long an answer of the store may take. Default: 1s.'),
    }),
  ],
  "must be 'memory', { sqlite: 'FILE' } or { redis: 'URL' }",
);

export const configSchema = shape({
  $schema: optional(v.string('must be a text'), 'Where the JSON Schema of this file is; for editors.'),
  port: optional(
    v.pipe(count, v.maxValue(65_535, 'must not be over 65535')),
    'The port to listen on; 0 takes a free one. Default: PORT, or 3000.',
  ),
  host: optional(text, 'The address to listen on. Default: every address.'),
  tls: optional(
    shape({
      cert: described(text, 'The certificate and its chain, as PEM: a file, relative to this one.'),
      key: described(text, 'Its private key, as PEM: a file, relative to this one.'),
    }),
    'Listen for TLS, with HTTP/2. Both files are read again when they change.',
  ),
  workers: optional(
    v.union(
      [v.literal('auto'), v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(999))],
      "must be a number from 1 to 999, or 'auto'",
    ),
    "Serve in so many processes on one port; 'auto': one a core. Default: one process by itself.",
  ),
  basePath: optional(
    v.pipe(text, v.check(isBasePath, 'must be a path such as /gw')),
    'The path that the gateway is mounted under, such as /gw. Default: /.',
  ),
  drain: optional(duration, 'How long running streams may go on after the signal to stop. Default: 30s.'),
  exchangeLines: optional(
    v.boolean('must be true or false'),
    'A line of JSON on stdout for each exchange. Default: true.',
  ),
  reloadOnChange: optional(
    v.boolean('must be true or false'),
    'Read this file again when it changes, beside SIGHUP. Default: false.',
  ),
  store: optional(store, "Where uses, limits and revocations are counted. Default: 'memory'."),
  allowOrigins: optional(origins, "Origins whose pages may use the gateway. Default: '*'."),
  allowMethods: optional(text, 'Methods that a preflight allows. Default: those it asks for.'),
  allowHeaders: optional(text, 'Headers that a preflight allows. Default: those it asks for.'),
  allowNetworks: optional(
    texts,
    'Private networks that upstreams may lie in, such as 10.0.0.0/8. Default: none.',
  ),
  trustProxies: optional(
    texts,
    'Networks of the proxies in front, whose X-Forwarded-For says who the client is. Default: none.',
  ),
  resolve: optional(texts, 'Names pinned to addresses, as HOST:PORT:ADDRESS. Default: none.'),
  upstreamCa: optional(text, "A PEM file of authorities trusted for upstreams, beside the system's."),
  limits: optional(gatewayLimits, 'Limits of the gateway itself.'),
  apps: described(
    v.pipe(v.array(app, 'must be a list of apps'), v.minLength(1, 'must hold at least one app')),
    'Who signs URLs, and where their requests may go.',
  ),
});

/** A configuration, as it is written. */
export type SignwayConfig = v.InferInput<typeof configSchema>;
export type AppConfig = SignwayConfig['apps'][number];
export type UpstreamConfig = AppConfig['upstreams'][number];
export type LimitsConfig = NonNullable<AppConfig['limits']>;

/** An object that has these members and no others. */
function shape<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, ({ expected, path }) => {
    if (expected === 'never') {
      return NOT_KNOWN + didYouMean(String(path?.at(-1)?.key), Object.keys(entries));
    }
    return expected === 'Object' ? 'must be an object' : 'is missing';
  });
}

/** How what is said of an unknown member begins. */
export const NOT_KNOWN = 'is not known';

function oneOf<const Names extends readonly string[]>(names: Names, message: string) {
  return v.picklist(names, ({ input }) =>
    typeof input === 'string' ? message + didYouMean(input, names) : message,
  );
}

function optional<const Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.exactOptional(described(schema, description));
}

function described<const Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.pipe(schema, v.description(description));
}
