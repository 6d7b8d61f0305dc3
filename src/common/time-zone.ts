import { z } from 'zod';

/**
 * Names of the IANA database that contain a region: PostgreSQL and the page read them alike. Other names are ambiguous.
 * PostgreSQL reads "UTC-5" as five hours east, as POSIX does. It reads "IST" as Israel's time, JavaScript as India's.
 * "CET" has no summer time.
 */
const NAMES =
  /^(UTC|GMT|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)\/[a-z0-9_+/-]+)$/i;

/** What a sender of another name is told. */
export const NO_ZONE = 'must be a time zone by its IANA name, such as Europe/Madrid or America/Lima, or UTC';

export const timeZoneSchema = z.string().max(64).refine(isTimeZone, NO_ZONE);

function isTimeZone(name: string): boolean {
  if (!NAMES.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // It throws for an unknown zone.
  }
}
