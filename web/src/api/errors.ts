import { formatMoney } from '~/lib/format';
import { currentLanguage, hasText, type Translate } from '~/lib/i18n';

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  field?: string;
  limit?: number;
  left?: number;
  unit?: string;
  whose?: string;
  retry_after_ms?: number;
  trace_id?: string;
}

/** A refused or failed request, as the server said it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string;
  readonly limit: number | undefined;
  /** what is left of the limit, both in millionths of a currency */
  readonly left: number;
  readonly unit: string;
  /** whose limit it is, by name */
  readonly whose: string;
  readonly retryAfterMs: number;
  readonly traceId: string;

  constructor(status: number, problem: Problem) {
    super(problem.detail || problem.title || problem.code || `HTTP ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code ?? (status === 0 ? 'no_connection' : 'internal');
    this.field = problem.field ?? '';
    this.limit = problem.limit;
    this.left = problem.left ?? 0;
    this.unit = problem.unit ?? '';
    this.whose = problem.whose ?? '';
    this.retryAfterMs = problem.retry_after_ms ?? 0;
    this.traceId = problem.trace_id ?? '';
  }
}

/** The sentence for a code, with its next step; unknown codes get the general one. */
export function codeText(code: string, t: Translate, values?: Record<string, string | number>) {
  const key = `errors.${code}`;
  return hasText(key) ? t(key, values) : t('errors.internal');
}

/** What people read about an error: by its code; the server's own words stand beside it. */
export function errorText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return t('errors.page');
  const budget = `common.refused.${error.field.replace('budget.', '')}`;
  if (error.code === 'budget_reached' && error.unit && hasText(budget)) {
    const money = (micro: number) => formatMoney(micro, error.unit, currentLanguage());
    return t(budget, {
      whose: error.whose,
      limit: money(error.limit ?? 0),
      left: money(error.left),
    });
  }
  return codeText(error.code, t, {
    limit: error.limit ?? '',
    field: error.field,
    seconds: Math.max(1, Math.ceil(error.retryAfterMs / 1000)),
  });
}

/** The server's own sentence, where it adds something to ours. */
export function errorDetail(error: unknown): string {
  return error instanceof ApiError && error.status > 0 ? error.message : '';
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}
