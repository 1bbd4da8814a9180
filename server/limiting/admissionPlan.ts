import type { CompiledApp } from '../compiledApp.ts';
import type { Extensions } from '../extensions/extensions.ts';
import type { Admission, BudgetLimit, StreamLimit, WindowLimit } from '../stores/store.ts';
import { storeKeys } from '../stores/storeKeys.ts';
import type { AppLimits, TokenBudget } from './appLimits.ts';

/** What one request asks the store for, and how each limit is called. */
export interface AdmissionPlan {
  readonly admission: Admission;
  /** In the order of the admission's. */
  readonly names: { readonly windows: readonly string[]; readonly streams: readonly string[] };
  readonly budgets: readonly PlannedBudget[];
  /** How long the exchange may last, in milliseconds. */
  readonly duration: number | undefined;
}

export interface PlannedBudget {
  readonly name: string;
  readonly kind: 'bytes' | 'tokens';
  readonly limit: BudgetLimit;
  /** What is reserved at a time, where more turns out to be needed. */
  readonly step: number;
  readonly unreported: NonNullable<TokenBudget['unreported']>;
}

export interface PlannedRequest {
  /** The exchange's. */
  readonly id: string;
  readonly app: Pick<CompiledApp, 'id' | 'limits' | 'subjectLimits'>;
  readonly extensions: Pick<Extensions, 'nonce' | 'uses' | 'subject'>;
  /** For how many milliseconds the URL is still good somewhere, the skew of clocks included. */
  readonly goodFor: number;
  /** Bytes of the request's body. */
  readonly bytesIn: number;
  /** The most tokens that the request lets its answer have. */
  readonly tokenMaximum: number | undefined;
}

/** Works out what a request asks for; null when it asks for nothing. */
export function planAdmission(request: PlannedRequest): AdmissionPlan | null {
  const { id, app, extensions, goodFor } = request;
  const { nonce, uses, subject } = extensions;
  const isLimited = app.limits !== undefined || app.subjectLimits !== undefined;
  if (!isLimited && nonce === null && subject === null) return null;
  const scopes = [scope('app', app.limits, undefined), scope('subject', app.subjectLimits, subject ?? '')];
  const limited = scopes.filter((each) => each !== null);

  const windows: WindowLimit[] = [];
  const streams: StreamLimit[] = [];
  const budgets: PlannedBudget[] = [];
  const names = { windows: [] as string[], streams: [] as string[] };
  for (const { name, limits, subject: owner } of limited) {
    if (limits.requests !== undefined) {
      const { limit, window } = limits.requests;
      windows.push({ key: storeKeys.requests(app.id, window, owner), limit, window });
      names.windows.push(`${name}-requests`);
    }
    if (limits.streams !== undefined) {
      streams.push({ key: storeKeys.streams(app.id, owner), limit: limits.streams });
      names.streams.push(`${name}-streams`);
    }
    budgets.push(...budgetsOf(limits, { app: app.id, owner, name, request }));
  }
  return {
    admission: {
      id,
      revocable: [
        ...(subject === null ? [] : [storeKeys.revocableSubject(app.id, subject)]),
        ...(nonce === null ? [] : [storeKeys.revocableNonce(app.id, nonce)]),
      ],
      windows,
      streams,
      budgets: budgets.map(({ limit }) => limit),
      use:
        nonce === null ? null : { key: storeKeys.nonce(app.id, nonce), uses, keepFor: Math.max(1, goodFor) },
    },
    names,
    budgets,
    duration: shortest(limited.map(({ limits }) => limits.duration)),
  };
}

interface Scope {
  readonly name: 'app' | 'subject';
  readonly limits: AppLimits;
  readonly subject: string | undefined;
}

function scope(
  name: Scope['name'],
  limits: AppLimits | undefined,
  subject: string | undefined,
): Scope | null {
  return limits === undefined ? null : { name, limits, subject };
}

function budgetsOf(
  { bytes, tokens }: AppLimits,
  {
    app,
    owner,
    name,
    request,
  }: { app: string; owner: string | undefined; name: string; request: PlannedRequest },
): PlannedBudget[] {
  const planned: PlannedBudget[] = [];
  if (bytes !== undefined) {
    const { limit, window } = bytes;
    const step = Math.min(bytes.reserve ?? DEFAULT_STEP, limit);
    planned.push({
      name: `${name}-bytes`,
      kind: 'bytes',
      limit: {
        key: storeKeys.bytes(app, window, owner),
        limit,
        window,
        reserve: Math.max(step, request.bytesIn),
      },
      step,
      unreported: 'reserved',
    });
  }
  if (tokens !== undefined) {
    const { limit, window, unreported = 'none' } = tokens;
    const reserve = request.tokenMaximum ?? tokens.reserve;
    planned.push({
      name: `${name}-tokens`,
      kind: 'tokens',
      limit: { key: storeKeys.tokens(app, window, owner), limit, window, reserve },
      step: reserve,
      unreported,
    });
  }
  return planned;
}

const DEFAULT_STEP = 1024 * 1024;

function shortest(durations: readonly (number | undefined)[]): number | undefined {
  const known = durations.filter((duration) => duration !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
