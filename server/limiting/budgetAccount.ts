import type { Spending } from '../stores/store.ts';
import type { PlannedBudget } from './admissionPlan.ts';

/** What one exchange has reserved of one budget, and what it has spent. */
export class BudgetAccount {
  readonly budget: PlannedBudget;
  /** Spent of a budget of bytes; tokens are known at the end alone. */
  bytes = 0;
  reserved: number;
  #ticket: number;
  /** What was reserved in windows that have ended. */
  #before = 0;

  constructor(budget: PlannedBudget, ticket: number) {
    this.budget = budget;
    this.reserved = budget.limit.reserve;
    this.#ticket = ticket;
  }

  /** How much has to be reserved before so many bytes can be spent. */
  missing(bytes: number): number {
    return this.budget.kind === 'bytes' ? Math.max(0, this.bytes + bytes - this.reserved) : 0;
  }

  spend(bytes: number): void {
    this.bytes += bytes;
  }

  /** Notes a reservation; `ticket` names the window it was made in. */
  reserve(ticket: number, amount: number): void {
    if (ticket !== this.#ticket) this.#before = this.reserved;
    this.#ticket = ticket;
    this.reserved += amount;
  }

  /**
   * Gives back what was reserved when everything was settled already. It tells what was spent once more: a store that
   * knows what an admission holds settles all of it by whichever comes first.
   */
  giveBack({ ticket, amount, spent }: { ticket: number; amount: number; spent: number }): Spending {
    const settled = ticket === this.#ticket ? this.settle(spent).spent : 0;
    return { key: this.budget.limit.key, ticket, reserved: amount + settled, spent: settled };
  }

  /** What makes of the reservation what was spent: those of windows that have ended were used first. */
  settle(spent: number): Spending {
    return {
      key: this.budget.limit.key,
      ticket: this.#ticket,
      reserved: this.reserved - this.#before,
      spent: Math.max(0, spent - this.#before),
    };
  }
}
