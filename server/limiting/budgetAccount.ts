import type { Spending } from '../stores/store.ts';
import type { PlannedBudget } from './admissionPlan.ts';

/** What one exchange has reserved of one budget, and what it has spent. */
export class BudgetAccount {
  readonly budget: PlannedBudget;
  spent = 0;
  reserved = 0;
  readonly #reservations: { ticket: number; amount: number }[] = [];

  constructor(budget: PlannedBudget, ticket: number) {
    this.budget = budget;
    this.reserve(ticket, budget.limit.reserve);
  }

  /** Notes a reservation; `ticket` names the window it was made in. */
  reserve(ticket: number, amount: number): void {
    this.#reservations.push({ ticket, amount });
    this.reserved += amount;
  }

  /** What makes of the reservations what was spent: the first are used first, the last bears what goes beyond. */
  settle(spent: number): Spending[] {
    let left = spent;
    return this.#reservations.map(({ ticket, amount }, index) => {
      const isLast = index === this.#reservations.length - 1;
      const used = isLast ? left : Math.min(left, amount);
      left -= used;
      return { key: this.budget.limit.key, ticket, change: used - amount };
    });
  }
}
