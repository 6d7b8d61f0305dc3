import { z } from 'zod';

/**
 * Names of the IANA's database that say where: PostgreSQL and the page mean the same by each. Others are read in two ways:
 * of "UTC-5" PostgreSQL makes the zone five hours east, as POSIX has it, of "IST" Israel's time where JavaScript has
 * India's, of "CET" one without summer.
 */
const NAMES =
  /^(UTC|GMT|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)\/[a-z0-9_+/-]+)$/i;

/** What a sender is told who names another. */
export const NO_ZONE = 'must be a time zone by its IANA name, such as Europe/Madrid or America/Lima, or UTC';

export const timeZoneSchema = z.string().max(64).refine(isTimeZone, NO_ZONE);

function isTimeZone(name: string): boolean {
  if (!NAMES.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // It throws for what it doesn't know.
  }
}
