import type { Env } from './env.js';
import { type PostgresUrl, readPostgresUrl } from './postgres-url.js';

/**
 * The parts of the configuration that must never be written: tokens, keys, and the passwords within URLs, both encoded
 * and decoded.
 */
export function secretsOf(env: Env): string[] {
  const { metricsToken, sourceToken, databaseUrl, busUrl, smtpUrl, sources } = env;
  const { pinecallApiKey, pinecall2ApiKey, pinecall2SupervisorKey, pinecallOpsKey } = env;
  const keys = [pinecallApiKey, pinecall2ApiKey, pinecall2SupervisorKey, pinecallOpsKey];
  const tokens = [metricsToken, sourceToken, ...keys].filter((one) => one !== undefined);
  const urls = [busUrl, smtpUrl, ...sources].filter((one) => one !== undefined);
  const database = databaseUrl === undefined ? [] : passwordsOf(readPostgresUrl(databaseUrl));
  return [...tokens, ...database, ...urls.flatMap(passwordsIn)];
}

function passwordsOf({ password, tls: { keyPassword } }: PostgresUrl): string[] {
  const passwords = [password, keyPassword].filter((one) => one !== undefined);
  return [...passwords, ...passwords.map(encodeURIComponent)];
}

/** The part between the user and the host, with or without `+` before the scheme. */
function passwordsIn(url: string): string[] {
  const password = /:\/\/[^/?#:]*:([^/?#]*)@/.exec(url)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password]; // Not valid URL encoding: only the raw text.
  }
}
