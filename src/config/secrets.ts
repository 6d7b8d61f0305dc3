import type { Env } from './env.js';

/** What of the configuration must be written nowhere: tokens, keys, and the passwords within URLs, as they stand there and decoded. */
export function secretsOf(env: Env): string[] {
  const { metricsToken, sourceToken, pinecallApiKey, databaseUrl, busUrl, sources } = env;
  const tokens = [metricsToken, sourceToken, pinecallApiKey].filter((one) => one !== undefined);
  const urls = [databaseUrl, busUrl, ...sources].filter((one) => one !== undefined);
  return [...tokens, ...urls.flatMap(passwordsIn)];
}

/** What stands between the user and the host, `+` before the scheme or not. */
function passwordsIn(url: string): string[] {
  const password = /:\/\/[^/?#:]*:([^/?#]*)@/.exec(url)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password]; // Not encoded as a URL has it: only as it stands.
  }
}
