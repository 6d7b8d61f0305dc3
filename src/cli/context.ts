import type { Command } from 'commander';
import { z } from 'zod';
import { Api } from './api.js';
import { readTarget } from './environment.js';

export interface Context {
  readonly api: Api;
  readonly isJson: boolean;
}

/** The options before and after the command's name, together. */
export function contextOf(command: Command): Context {
  const { url, tokenFile, json } = command.optsWithGlobals<{ url?: string; tokenFile?: string; json?: boolean }>();
  const target = readTarget({
    ...(url === undefined ? {} : { url }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  });
  return { api: new Api(target), isJson: json ?? false };
}

/** Whose the token is; null: the platform's. */
export async function ownTenant(api: Api): Promise<string | null> {
  return (await api.request('GET', '/v1/me', z.looseObject({ tenant: z.string().nullable() }))).tenant;
}

/** The `?…` of what was said of these parameters; empty if nothing was. */
export function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const said = Object.entries(parameters).filter((one): one is [string, string] => one[1] !== undefined);
  return said.length === 0 ? '' : `?${new URLSearchParams(said).toString()}`;
}

/** A path with names in it, each of them encoded exactly. */
export function path(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return parts
    .map((part, index) => `${part}${index < names.length ? encodeURIComponent(names[index] ?? '') : ''}`)
    .join('');
}
