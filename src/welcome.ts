/** What a person sees after starting the server: what runs, where to click, what to paste. */
import { relative, resolve } from 'node:path';
import type { TokenFile } from './auth/tokens/token-files.js';
import type { Env } from './config/env.js';
import type { Demo } from './demo/demo.service.js';

/**
 * `isTerminal`: only a person reads it. Otherwise it ends up in logs, where no token belongs. The demo's links are
 * always shown, because a person who runs a container gets in by them: they work once, for a day, and open simulated
 * calls.
 */
export function welcome(env: Env, admin: TokenFile | undefined, demo: Demo | undefined, isTerminal: boolean): string {
  const url = env.publicUrl.text;
  const lines = ['', `Switchboard listens on ${url}   API: ${url}/docs   health: ${url}/readyz`, ''];
  if (demo !== undefined) lines.push(...demoLines(url, demo));
  else
    lines.push(
      `Sources: ${env.sources.length > 0 ? env.sources.map(withoutSecrets).join(', ') : 'none (POST /v1/ingest)'}`,
      '',
      `A page signs in by a link: ${command(env)} link --tenant <tenant>, or for yourself:`,
      '',
      `  ${command(env)} link`,
      '',
    );
  lines.push(...adminLines(url, admin, isTerminal));
  return `${lines.join('\n')}\n`;
}

function demoLines(url: string, { tenants, adminLink }: Demo): string[] {
  const width = Math.max(...tenants.map(({ tenantId }) => tenantId.length), 'operator'.length);
  const lines = [
    'DEMO: simulated calls of five agents. Open a link; each works once, for a day, and a start prints new ones:',
    '',
    ...tenants.map(({ tenantId, link }) => `  ${tenantId.padEnd(width)}  ${link.url}`),
    `  ${'operator'.padEnd(width)}  ${adminLink.url}`,
    '',
    'Each customer sees its own agents and nobody else’s. In a shell:',
    '',
  ];
  for (const { tenantId, agents, token } of tenants) {
    lines.push(
      `  # ${tenantId}: events of ${agents.join(' and ')}, word by word, within a second or two; Ctrl-C to stop`,
    );
    lines.push(`  curl -N -H "Authorization: Bearer $(cat ${shown(token.path)})" ${url}/events`, '');
  }
  return lines;
}

function adminLines(url: string, admin: TokenFile | undefined, isTerminal: boolean): string[] {
  if (admin === undefined) return ['Admin: a token exists, not here; --new-admin-token makes another.', ''];
  const where = shown(admin.path);
  const lines = admin.created === undefined ? [] : newTokenLines(where, admin.created, isTerminal);
  return [
    ...lines,
    '  # as the operator: all tenants',
    `  curl -H "Authorization: Bearer $(cat ${where})" ${url}/v1/admin/tenants`,
    '',
  ];
}

function newTokenLines(where: string, text: string, isTerminal: boolean): string[] {
  if (!isTerminal) return [`Admin token: in ${where}, mode 0600; only a terminal is shown its text.`, ''];
  return [`Admin token (shown this once, kept in ${where}):`, `  ${text}`, ''];
}

/** A path as a person would type it here. */
function shown(path: string): string {
  const here = relative(process.cwd(), path);
  return quoted(here.startsWith('..') ? path : here);
}

/** Quotes a text for a shell if a shell would interpret it. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command line as a person would type it here; it finds the server by the data folder. */
function command({ dataDir }: Env): string {
  const isElsewhere = resolve('.switchboard') !== dataDir;
  return `${isElsewhere ? `DATA_DIR=${quoted(dataDir)} ` : ''}npx switchboard`;
}

function withoutSecrets(source: string): string {
  return source.replace(/\/\/[^/?#]*@/, '//').replace(/[?#].*/, '');
}
