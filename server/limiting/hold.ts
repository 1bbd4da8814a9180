import { Refusal, type RefusalCode } from '../../signing/refusal.ts';
import { startTimer } from '../startTimer.ts';
import type { Admitted, HeldStream, Settlement } from '../stores/store.ts';
import type { Cancellation, HeaderPairs, UpstreamAnswer } from '../transport/transport.ts';
import type { AdmissionPlan, PlannedBudget } from './admissionPlan.ts';
import { BudgetAccount } from './budgetAccount.ts';
import { CutOrGone } from './cutOrGone.ts';
import { createUsageMeter, type UsageMeter } from './usageMeter.ts';

/** Why an exchange is ended before its time. */
export interface Cut {
  readonly code: RefusalCode;
  readonly detail: string;
}

export interface HoldOptions {
  readonly plan: AdmissionPlan;
  /** Null where the store was away and the app lets requests pass: then nothing is counted of it. */
  readonly admitted: Pick<Admitted, 'budgets'> | null;
  /** Fields for the answer. */
  readonly fields: readonly [name: string, value: string][];
  /** Reserves more of a budget. Resolves with the reservation's ticket, or null when the budget is spent. */
  extend(budget: PlannedBudget, amount: number): Promise<number | null>;
  /** Called when the exchange has ended, and once more for what it had asked for and gets after its end. */
  release(hold: Hold, settlement: Settlement): void;
}

/** What one running exchange holds of its app's limits, from its admission to its end. */
export class Hold {
  readonly fields: readonly [name: string, value: string][];
  /** Set as soon as something may have reached the upstream. */
  sent = false;
  readonly #options: HoldOptions;
  readonly #accounts: readonly BudgetAccount[];
  #meter: UsageMeter | null = null;
  #cut: Cut | null = null;
  #breakOff: ((cut: Cut) => void) | null = null;
  #waiting: CutOrGone | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(options: HoldOptions) {
    const { plan, admitted, fields } = options;
    this.#options = options;
    this.fields = fields;
    const reservations = admitted?.budgets ?? [];
    this.#accounts = reservations.map(({ ticket }, index) => new BudgetAccount(plan.budgets[index]!, ticket));
    if (plan.duration !== undefined) {
      this.#timer = startTimer(() => {
        this.cut({ code: 'budget_exhausted', detail: 'the exchange has lasted as long as it may' });
      }, plan.duration);
    }
  }

  /** The leases that keep it counted. */
  get streams(): HeldStream[] {
    const { plan, admitted } = this.#options;
    const { id, streams } = plan.admission;
    return admitted === null ? [] : streams.map(({ key }) => ({ id, key }));
  }

  /** What releases its streams and changes nothing else. */
  get streamsAlone(): Settlement {
    const { id } = this.#options.plan.admission;
    return { id, streams: this.streams.map(({ key }) => key), budgets: [], unused: null };
  }

  /** What it can be revoked by. */
  get revocable(): readonly string[] {
    return this.#options.plan.admission.revocable;
  }

  /** Ends the exchange now, whether its answer is being streamed or waited for. */
  cut(cut: Cut): void {
    if (this.#cut !== null) return;
    this.#cut = cut;
    this.#breakOff?.(cut);
    this.#waiting?.cut();
  }

  /** What the client is told that was cut before its answer. */
  get refusal(): Refusal | null {
    return this.#cut === null ? null : new Refusal(this.#cut.code, this.#cut.detail);
  }

  /** With what a transport is to wait for the answer. */
  waiting(gone: Cancellation): Cancellation {
    this.#waiting = new CutOrGone(gone);
    if (this.#cut !== null) this.#waiting.cut();
    return this.#waiting;
  }

  /** Tells how the answer is broken off while it is being streamed. */
  onCut(breakOff: (cut: Cut) => void): void {
    this.#breakOff = breakOff;
    if (this.#cut !== null) breakOff(this.#cut);
  }

  /**
   * Takes the head of the upstream's answer, and the body where it came with it: reads its usage, counts its bytes.
   *
   * @throws {Refusal} where the exchange has been cut, or is by this
   */
  async receive(answer: UpstreamAnswer): Promise<UpstreamAnswer> {
    const countsTokens = this.#accounts.some(({ budget }) => budget.kind === 'tokens');
    this.#meter = countsTokens ? createUsageMeter(answer.headers) : null;
    const { whole } = answer.body;
    if (whole !== null && this.#cut === null) await this.spend(whole);
    const { refusal } = this;
    if (refusal === null) return answer.headers.every(isNoRateLimit) ? answer : withoutRateLimits(answer);
    answer.body.cancel();
    throw refusal;
  }

  /** The tokens that were reported; null when none were, or when nobody counts them. */
  get tokens(): number | null {
    return this.#meter?.total() ?? null;
  }

  /**
   * Counts bytes of a body before they are handed on. Where more has to be reserved first, a promise of whether they
   * may be: not where it was not reserved, which cuts the exchange, nor where the exchange was cut or has ended meanwhile.
   */
  spend(bytes: Uint8Array | number): true | Promise<boolean> {
    const length = typeof bytes === 'number' ? bytes : bytes.byteLength;
    if (typeof bytes !== 'number') this.#meter?.push(bytes);
    for (const account of this.#accounts) if (account.missing(length) > 0) return this.#reserveFor(length);
    for (const account of this.#accounts) account.spend(length);
    return true;
  }

  async #reserveFor(length: number): Promise<boolean> {
    for (const account of this.#accounts) {
      const missing = account.missing(length);
      if (missing === 0) continue;
      // What is left may be enough, though it is less than a step.
      const amounts = missing < account.budget.step ? [account.budget.step, missing] : [missing];
      if (!(await this.#reserveOne(account, amounts))) {
        this.cut({ code: 'budget_exhausted', detail: `the budget ${account.budget.name} is spent` });
        return false;
      }
    }
    if (this.#cut !== null || this.#ended) return false;
    for (const account of this.#accounts) account.spend(length);
    return true;
  }

  async #reserveOne(account: BudgetAccount, amounts: readonly number[]): Promise<boolean> {
    for (const amount of amounts) {
      // After its end nothing more is reserved: the store would take it for what another settlement is for.
      if (this.#ended) return false;
      const ticket = await this.#options.extend(account.budget, amount);
      if (ticket === null) continue;
      if (this.#ended) {
        const budgets = [account.giveBack({ ticket, amount, spent: this.#spentOf(account) })];
        this.#options.release(this, { ...this.streamsAlone, budgets });
      } else account.reserve(ticket, amount);
      return true;
    }
    return false;
  }

  /** Settles everything, once. */
  end(): void {
    clearTimeout(this.#timer);
    this.#ended = true;
    const { plan, release } = this.#options;
    const { use } = plan.admission;
    release(this, {
      ...this.streamsAlone,
      budgets: this.#accounts.map((account) => account.settle(this.#spentOf(account))),
      unused: use === null || this.sent ? null : use.key,
    });
  }

  #spentOf(account: BudgetAccount): number {
    if (!this.sent) return 0;
    if (account.budget.kind === 'bytes') return account.bytes;
    return this.tokens ?? (account.budget.unreported === 'reserved' ? account.reserved : 0);
  }
}

/** The upstream's own limits are its key's; the client is told its own. */
function withoutRateLimits(answer: UpstreamAnswer): UpstreamAnswer {
  return { ...answer, headers: answer.headers.filter(isNoRateLimit), lines: null };
}

function isNoRateLimit([name]: HeaderPairs[number]): boolean {
  return !/^ratelimit(?:-policy)?$/i.test(name);
}
