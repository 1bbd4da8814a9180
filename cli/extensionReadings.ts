import { METHOD, type SignedUrl } from '../signing/index.ts';

/** What a parameter beyond the eight says. */
export interface ExtensionReading {
  readonly name: string;
  readonly value: string;
  /** Undefined when no gateway knows it, which then answers `unknown_parameter`. */
  readonly meaning?: string;
  /** Why a gateway answers `invalid_parameter`; undefined when it does not. */
  readonly problem?: string;
}

/** Reads the extensions of a signed URL (docs/protocol.md, "Extensions"), in the order in which they were sent. */
export function readExtensions({ parameters, extensions }: SignedUrl): ExtensionReading[] {
  const values = new Map(parameters);
  return extensions.map((name) => {
    const value = values.get(name) ?? '';
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name as keyof typeof KNOWN] : undefined;
    if (known === undefined) return { name, value };
    const problem = known.problem(value, values);
    const meaning = known.meaning(values);
    return problem === undefined
      ? { name, value, meaning }
      : { name, value, meaning, problem: `${name} ${problem}` };
  });
}

/** The methods that `X-Sw-Methods` names; undefined without it. */
export function namedMethods({ parameters }: SignedUrl): readonly string[] | undefined {
  return parameters.find(([name]) => name === 'X-Sw-Methods')?.[1].split(';');
}

interface KnownExtension {
  meaning(values: ReadonlyMap<string, string>): string;
  /** A sentence without its subject. */
  problem(value: string, values: ReadonlyMap<string, string>): string | undefined;
}

const KNOWN = {
  'X-Sw-BodySchema': {
    meaning: (values) =>
      isSchema(values.get('X-Sw-BodySchema')!)
        ? 'the JSON Schema that the body must satisfy'
        : "the schema that the body must satisfy, by its name in the gateway's configuration",
    problem(value) {
      if (!isSchema(value))
        return SCHEMA_NAME.test(value) ? undefined : 'must be a JSON Schema or the name of one';
      if (Buffer.byteLength(value) > MAX_SCHEMA_BYTES) return `must be at most ${MAX_SCHEMA_BYTES} bytes`;
      return isJson(value) ? undefined : 'must be JSON';
    },
  },
  'X-Sw-Methods': {
    meaning: () => 'the methods that it can be used with, in place of one that is signed',
    problem(value) {
      const methods = value.split(';');
      const wellFormed =
        methods.every((method) => METHOD.test(method)) && new Set(methods).size === methods.length;
      return wellFormed ? undefined : 'must be upper-case methods, each once, joined by ;';
    },
  },
  'X-Sw-Nonce': {
    meaning(values) {
      const uses = values.get('X-Sw-Uses');
      return uses === undefined
        ? 'it works once: a second request is already_used'
        : `counts the requests made with it: ${uses} are answered`;
    },
    problem: (value) => (NONCE.test(value) ? undefined : 'must be 1 to 128 of A-Z a-z 0-9 - _'),
  },
  'X-Sw-Scope': {
    meaning: () => "a grant: what follows the base URL's path is appended to X-Sw-Proxy",
    problem: (value) =>
      value === 'prefix' ? "is a grant's, which is used as /s/<token>/" : 'must be prefix',
  },
  'X-Sw-Subject': {
    meaning: () => 'the end user it speaks for, whose limits hold',
    problem: (value) => (SUBJECT.test(value) ? undefined : 'must be 1 to 128 printable ASCII characters'),
  },
  'X-Sw-Uses': {
    meaning: () => 'how many requests the nonce is good for',
    problem(value, values) {
      if (!values.has('X-Sw-Nonce')) return 'needs X-Sw-Nonce, which is what is counted';
      const inRange = /^[1-9]\d{0,9}$/.test(value) && Number(value) <= MAX_USES;
      return inRange ? undefined : `must be a whole number from 1 to ${MAX_USES}, in plain digits`;
    },
  },
} as const satisfies Record<string, KnownExtension>;

const NONCE = /^[A-Za-z0-9\-_]{1,128}$/;
const SUBJECT = /^[ -~]{1,128}$/;
const SCHEMA_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_SCHEMA_BYTES = 2048;
const MAX_USES = 0x7fff_ffff;

function isSchema(value: string): boolean {
  return /^\s*\{/.test(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
