import type { Command } from 'commander';
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

/** A path with names in it, each of them encoded exactly. */
export function path(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return parts
    .map((part, index) => `${part}${index < names.length ? encodeURIComponent(names[index] ?? '') : ''}`)
    .join('');
}
