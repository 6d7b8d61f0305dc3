/** Days as date fields name them, in the reader's time zone. */

/** The start of a day such as `2026-11-27`, or of one some days later; an address may hold an invalid day. */
export function startOfDay(day: string, later = 0): Date | undefined {
  const [year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)?.slice(1).map(Number) ?? [];
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const start = new Date(year, month - 1, date + later);
  return Number.isNaN(start.getTime()) ? undefined : start;
}
