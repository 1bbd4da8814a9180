import { Refusal } from '../../signing/refusal.ts';
import type { CompiledApp } from '../compiledApp.ts';
import type { Extensions } from '../extensions/extensions.ts';
import {
  type Admission,
  type Admitted,
  type Rejected,
  type RejectionCode,
  type Settlement,
  STREAM_LEASE,
  type Store,
  StoreUnavailable,
} from '../stores/store.ts';
import { storeKeys } from '../stores/storeKeys.ts';
import {
  type AdmissionPlan,
  type PlannedBudget,
  type PlannedRequest,
  planAdmission,
} from './admissionPlan.ts';
import { Hold } from './hold.ts';
import { rateLimitFields, refusedFields } from './rateLimitFields.ts';
import { createSettlements } from './settlements.ts';

/** A subject or a nonce of an app. */
export type Revocable = { readonly app: string } & (
  | { readonly subject: string }
  | { readonly nonce: string }
);

/** The step of a request that asks the store. */
export interface Limiter {
  /**
   * Refuses what is known to be revoked, without asking the store: what the last look at it showed. The store itself
   * is asked by `admit`.
   *
   * @throws {Refusal} `revoked`
   */
  checkRevoked(app: Pick<CompiledApp, 'id'>, extensions: Pick<Extensions, 'nonce' | 'subject'>): void;

  /**
   * Counts a request against every limit of its app and its subject, and uses its nonce, all or nothing. Null when
   * nothing limits it; else what it holds, which must be ended.
   *
   * @throws {Refusal} `revoked`, `rate_limited`, `too_many_streams`, `budget_exhausted`, `already_used`,
   * `store_unavailable`
   */
  admit(request: LimitedRequest): null | Promise<Hold>;

  /** Cuts a subject or a nonce off, on every gateway that shares the store; running answers are ended. */
  revoke(what: Revocable, lifetime: number): Promise<void>;
  restore(what: Revocable): Promise<void>;

  /** Waits for what is still to be settled, for a bounded time. The store is its owner's to close. */
  close(): Promise<void>;
}

export interface LimitedRequest extends PlannedRequest {
  readonly app: Pick<CompiledApp, 'id' | 'limits' | 'subjectLimits' | 'whenStoreIsAway'>;
}

export interface LimiterOptions {
  readonly store: Store;
  /** How often the store is asked what is revoked, in milliseconds. Default: 500. */
  readonly watchInterval?: number;
  /** How often the leases of running streams are renewed, in milliseconds. Default: a third of a lease. */
  readonly renewInterval?: number;
}

/**
 * **Security**: without the store no nonce is used and, unless the app says so, nothing under a limit passes. An
 * exchange that was admitted is settled in every ending, later if the store is away then.
 */
export function createLimiter({
  store,
  watchInterval = 500,
  renewInterval = STREAM_LEASE / 3,
}: LimiterOptions): Limiter {
  const running = new Set<Hold>();
  const settlements = createSettlements(store);
  let revoked: ReadonlySet<string> = new Set();
  let version: string | undefined;
  const watch = setInterval(() => void lookAtRevocations(), watchInterval);
  const renewal = setInterval(() => void renew(), renewInterval);
  watch.unref();
  renewal.unref();

  return {
    checkRevoked({ id }, { nonce, subject }) {
      if (revoked.size === 0) return;
      if (subject !== null && revoked.has(storeKeys.revocableSubject(id, subject)))
        throw isRevoked('subject');
      if (nonce !== null && revoked.has(storeKeys.revocableNonce(id, nonce))) throw isRevoked('nonce');
    },

    admit(request) {
      const plan = planAdmission(request);
      return plan === null ? null : admit(plan, request);
    },

    async revoke(what, lifetime) {
      await store.revoke(keyOf(what), lifetime);
      await lookAtRevocations();
    },

    async restore(what) {
      await store.restore(keyOf(what));
      await lookAtRevocations();
    },

    async close() {
      clearInterval(watch);
      clearInterval(renewal);
      await settlements.close();
    },
  };

  async function admit(plan: AdmissionPlan, { app, bytesIn }: LimitedRequest): Promise<Hold> {
    const admitted = await ask(plan, app.whenStoreIsAway);
    const hold = new Hold({
      plan,
      admitted,
      fields: admitted === null ? [] : rateLimitFields(plan, admitted),
      extend: (budget, amount) => extend(plan, { budget, amount }),
      release(ended, settlement) {
        running.delete(ended);
        settlements.add(settlement);
      },
    });
    running.add(hold);
    // The reservation covers the request's own bytes.
    hold.spend(bytesIn);
    return hold;
  }

  /** What was admitted; null where the store is away and the app lets requests pass. */
  async function ask(
    plan: AdmissionPlan,
    whenAway: CompiledApp['whenStoreIsAway'],
  ): Promise<Admitted | null> {
    try {
      const verdict = await store.admit(plan.admission);
      if (verdict.admitted) return verdict;
      throw refusalOf(plan, verdict);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (!(error instanceof StoreUnavailable) || error.perhapsDone) settlements.add(withdrawal(plan));
      if (whenAway === 'allow' && plan.admission.use === null) return null;
      throw new Refusal('store_unavailable', 'what limits this request cannot be counted at the moment', {
        cause: error instanceof StoreUnavailable ? error.message : 'store: failed',
      });
    }
  }

  /** Fails closed: bytes that cannot be counted are not handed on. */
  async function extend(
    { admission: { id } }: AdmissionPlan,
    { budget, amount }: { budget: PlannedBudget; amount: number },
  ): Promise<number | null> {
    const admission: Admission = { ...NOTHING, id, budgets: [{ ...budget.limit, reserve: amount }] };
    try {
      const verdict = await store.admit(admission);
      return verdict.admitted ? verdict.budgets[0]!.ticket : null;
    } catch {
      return null;
    }
  }

  async function lookAtRevocations(): Promise<void> {
    try {
      const found = await store.revocations(version);
      if (found === null) return;
      version = found.version;
      revoked = new Set(found.subjects);
      for (const hold of running) {
        if (hold.revocable.some((name) => revoked.has(name))) {
          hold.cut({ code: 'revoked', detail: 'access has been revoked' });
        }
      }
    } catch {
      // What was known to be revoked stays so; the next look is soon.
    }
  }

  async function renew(): Promise<void> {
    const holds = [...running].filter((hold) => hold.streams.length > 0);
    try {
      if (holds.length > 0) await store.renew(holds.flatMap((hold) => hold.streams));
    } catch {
      // The next time may be in time; a lease that has lapsed is taken again.
    }
    // What has ended meanwhile may have been renewed after it was settled.
    for (const hold of holds) if (!running.has(hold)) settlements.add(hold.streamsAlone);
  }
}

const NOTHING: Admission = { id: '', revocable: [], windows: [], streams: [], budgets: [], use: null };

/** Gives back what may have been admitted, though nobody heard of it. A use of a nonce stays used: it may have been another's. */
function withdrawal({ admission: { id, streams, budgets } }: AdmissionPlan): Settlement {
  return {
    id,
    streams: streams.map(({ key }) => key),
    budgets: budgets.map(({ key }) => ({ key, ticket: 0, reserved: 0, spent: 0 })),
    unused: null,
  };
}

function keyOf(what: Revocable): string {
  return 'subject' in what
    ? storeKeys.revocableSubject(what.app, what.subject)
    : storeKeys.revocableNonce(what.app, what.nonce);
}

function isRevoked(what: 'subject' | 'nonce'): Refusal {
  return new Refusal('revoked', `the ${what} of this URL has been revoked`);
}

function refusalOf(plan: AdmissionPlan, rejected: Rejected): Refusal {
  const { code, index } = rejected;
  if (code === 'revoked') {
    return isRevoked(plan.admission.revocable[index]!.includes('/u/') ? 'subject' : 'nonce');
  }
  return new Refusal(code, DETAILS[code], { headers: Object.fromEntries(refusedFields(plan, rejected)) });
}

const DETAILS = {
  rate_limited: 'there have been as many requests as may be in this time',
  too_many_streams: 'as many exchanges are running as may be at the same time',
  budget_exhausted: 'what this request could use is more than is left of its budget',
  already_used: 'the signed URL has been used as often as it may be',
} as const satisfies Record<Exclude<RejectionCode, 'revoked'>, string>;
