/** What a failed query means for the caller: try again later, or never with this input. */

/** SQLSTATE classes that pass: connection, resources, operator intervention, system error, transaction rollback. */
const PASSING = /^(08|53|57|58|40)/;

/** Prisma's codes for an unreachable or overloaded database: https://www.prisma.io/docs/orm/reference/error-reference */
const PRISMA_PASSING = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037']);

/** True when the database is away or busy; false when the statement itself was wrong. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined) return /terminat|timeout|connection|closed/i.test(error.message);
  if (code.startsWith('P') && code.length === 5 && PRISMA_PASSING.has(code)) return true;
  if (/^E[A-Z]+$/.test(code)) return true; // ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT …
  if (code === 'P2010' || code === 'P2039') return /connect|reach database|terminat|08\d{3}|57P0/i.test(error.message);
  return PASSING.test(code);
}
