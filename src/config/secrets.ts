import type { Env } from './env.js';
import { type PostgresUrl, readPostgresUrl } from './postgres-url.js';

/** What of the configuration must be written nowhere: tokens, keys, and the passwords within URLs, as they stand there and decoded. */
export function secretsOf(env: Env): string[] {
  const { metricsToken, sourceToken, pinecallApiKey, pinecall2ApiKey, pinecallOpsKey, databaseUrl, busUrl, sources } =
    env;
  const tokens = [metricsToken, sourceToken, pinecallApiKey, pinecall2ApiKey, pinecallOpsKey].filter(
    (one) => one !== undefined,
  );
  const urls = [busUrl, ...sources].filter((one) => one !== undefined);
  const database = databaseUrl === undefined ? [] : passwordsOf(readPostgresUrl(databaseUrl));
  return [...tokens, ...database, ...urls.flatMap(passwordsIn)];
}

function passwordsOf({ password, tls: { keyPassword } }: PostgresUrl): string[] {
  const passwords = [password, keyPassword].filter((one) => one !== undefined);
  return [...passwords, ...passwords.map(encodeURIComponent)];
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
