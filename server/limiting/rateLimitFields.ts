import type { Admitted, Rejected } from '../stores/store.ts';
import type { AdmissionPlan } from './admissionPlan.ts';

type Fields = [name: string, value: string][];

/**
 * The `RateLimit-Policy` and `RateLimit` fields of an admitted request (draft-ietf-httpapi-ratelimit-headers-10): for
 * every limit its quota and window in seconds, what is left and when that changes.
 */
export function rateLimitFields(plan: AdmissionPlan, { windows, streams, budgets }: Admitted): Fields {
  return fieldsOf([
    ...windows.map(({ remaining, resetIn }, index) => ({ ...windowPolicy(plan, index), remaining, resetIn })),
    ...streams.map(({ remaining }, index) => ({ ...streamPolicy(plan, index), remaining, resetIn: null })),
    ...budgets.map(({ remaining, resetIn }, index) => ({ ...budgetPolicy(plan, index), remaining, resetIn })),
  ]);
}

/** The fields of a refused one, with `Retry-After` where a time is known. */
export function refusedFields(plan: AdmissionPlan, { code, index, retryIn }: Rejected): Fields {
  const policy =
    code === 'rate_limited'
      ? windowPolicy(plan, index)
      : code === 'too_many_streams'
        ? streamPolicy(plan, index)
        : code === 'budget_exhausted'
          ? budgetPolicy(plan, index)
          : null;
  const fields = policy === null ? [] : fieldsOf([{ ...policy, remaining: 0, resetIn: retryIn }]);
  // At least 1: a client that waits 0 seconds asks again in the same window.
  if (retryIn !== null) fields.push(['Retry-After', String(Math.max(1, seconds(retryIn)))]);
  return fields;
}

interface Policy {
  readonly name: string;
  readonly quota: number;
  /** Milliseconds; null where there is no window. */
  readonly window: number | null;
  /** The unit of the quota, where it is not requests. */
  readonly unit: string | null;
}

interface State extends Policy {
  readonly remaining: number;
  readonly resetIn: number | null;
}

function windowPolicy({ admission, names }: AdmissionPlan, index: number): Policy {
  const { limit, window } = admission.windows[index]!;
  return { name: names.windows[index]!, quota: limit, window, unit: null };
}

function streamPolicy({ admission, names }: AdmissionPlan, index: number): Policy {
  const { limit } = admission.streams[index]!;
  return { name: names.streams[index]!, quota: limit, window: null, unit: 'concurrent-requests' };
}

function budgetPolicy({ budgets }: AdmissionPlan, index: number): Policy {
  const { name, kind, limit } = budgets[index]!;
  const unit = kind === 'bytes' ? 'content-bytes' : 'tokens';
  return { name, quota: limit.limit, window: limit.window, unit };
}

function fieldsOf(states: readonly State[]): Fields {
  if (states.length === 0) return [];
  const policies = states.map(({ name, quota, window, unit }) => {
    const about = unit === null ? '' : `;qu="${unit}"`;
    return `"${name}";q=${quota}${about}${window === null ? '' : `;w=${seconds(window)}`}`;
  });
  const limits = states.map(({ name, remaining, resetIn }) => {
    return `"${name}";r=${Math.max(0, remaining)}${resetIn === null ? '' : `;t=${seconds(resetIn)}`}`;
  });
  return [
    ['RateLimit-Policy', policies.join(', ')],
    ['RateLimit', limits.join(', ')],
  ];
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
