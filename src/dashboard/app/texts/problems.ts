/** What the page says of problems that the API words for programs, by their slug. */
export const problemTexts: Readonly<Record<string, string>> = {
  'tenant-exists': 'There is already a customer with this short name.',
  'tenant-not-found': 'This customer does not exist.',
  'tenant-suspended': 'This account is suspended.',
  'too-many-streams': 'Too many streams are open. Close other tabs, or end streams you do not need.',
  'rate-limited': 'Too many requests. Try again in a moment.',
};

/** A short name that was in use, until its customer is erased for good. */
export const beingErased = 'A customer with this short name is still being erased. Try again later.';

/** What forms call the fields that a validation problem names. */
export const fieldNames: Readonly<Record<string, string>> = {
  tenant: 'Short name',
  name: 'Name',
  ttl: 'Expires after',
  scopes: 'Permissions',
  url: 'Address',
};

export const serverAnswered = (status: number) => `The server answered ${status}.`;
export const unreachable = 'The server cannot be reached.';
