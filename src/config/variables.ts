/** What the text of a variable may be. Each kind has a message for invalid text, which follows "PORT: ". */
import { z } from 'zod';
import { LOOPBACK, rangeOf } from '../common/address-range.js';
import { redactor } from '../common/redaction.js';
import { InvalidPostgresUrl } from './postgres-parameters.js';
import { readPostgresUrl } from './postgres-url.js';
import { NoPublicUrl, PublicUrl } from './public-url.js';
import { trustProxyOf } from './trust-proxy.js';

/** A configuration that cannot work; its message is one readable line for the console. */
export class InvalidEnv extends Error {}

/** Digits only: `1e3`, `0x10` and `5.0` are more often mistakes than intended. */
export function integer(min: number, max: number) {
  const words = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^ *\d{1,15} *$/, words)
    .transform(Number)
    .refine((value) => value >= min && value <= max, words);
}

export const flag = z.stringbool({ error: 'must be true or false' });

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });

/** Separated by commas or spaces. */
export const list = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== ''))
  .pipe(z.array(z.string()).min(1, 'must name one at least'));

/** A shorter one could be guessed. */
export const secret = z.string().min(16, 'must have 16 characters at least');

export const publicUrl = z.string().transform((text, context) => {
  try {
    return PublicUrl.parse(text);
  } catch (error) {
    if (!(error instanceof NoPublicUrl)) throw error;
    context.addIssue(error.message);
    return z.NEVER;
  }
});

/** Ranges of addresses: `10.0.0.0/8`, `::1/128`, or one address. */
const ranges = list.transform((texts, context) => {
  const parsed = texts.map((text) => rangeOf(text));
  const wrong = parsed.findIndex((range) => range === undefined);
  if (wrong < 0) return parsed.filter((range) => range !== undefined);
  context.addIssue('must be ranges of addresses like 10.0.0.0/8 or fd00::/8');
  return z.NEVER;
});

/** Which addresses are open besides public ones; in the demo, the machine's own. */
export const webhooksAllow = ranges
  .default([])
  .transform((given) => (isDemo: boolean) => (isDemo ? [...given, ...LOOPBACK] : given));

/** A name, `*.` and a name, or an origin. */
const HOST = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/** Hosts of recordings: `media.example.com`, `*.example.com` (https, public), or an origin, which may be anywhere. */
export const recordingHosts = list
  .default(['*.pinecall.io'])
  .refine(
    (hosts) => hosts.every((host) => HOST.test(host) || (URL.canParse(host) && new URL(host).origin === host)),
    'must be hosts like media.example.com or *.example.com, or origins like http://10.0.0.7:9000',
  );

/** Origins that pages of other hosts may have. */
export const corsOrigins = list
  .default([])
  .refine(
    (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    'must be origins like https://dashboard.example.com, separated by commas',
  );

export const busUrl = z
  .string()
  .regex(/^(nats|tls|rediss?):\/\/[^\s/]+/, 'must look like nats://host:4222, tls://host:4222, redis://… or rediss://…')
  .refine((url) => URL.canParse(url), 'is not a URL');

export const smtpUrl = z
  .string()
  .regex(/^smtps?:\/\/[^\s/]+/, 'must look like smtp://user:password@host:587 or smtps://…')
  .refine((url) => URL.canParse(url), 'is not a URL');

/** An address, perhaps with a name before it. */
export const mailFrom = z
  .string()
  .regex(/^([^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, 'must look like Calls <calls@example.com>');

export const postgresUrl = z.string().transform((text, context) => {
  try {
    readPostgresUrl(text);
    return text;
  } catch (error) {
    if (!(error instanceof InvalidPostgresUrl)) throw error;
    context.addIssue(error.message);
    return z.NEVER;
  }
});

export const trustProxy = z.string().transform((text, context) => {
  const trusted = trustProxyOf(text);
  if (trusted !== undefined) return trusted;
  context.addIssue('must be how many proxies stand in front (1), or their addresses (10.0.0.0/8,loopback)');
  return z.NEVER;
});

/** The longest part of a value that is shown. */
const MAX_SHOWN = 60;
/**
 * Values that are never shown: the reader of the line need not know them, and nobody can tell where a password ends.
 */
const SECRET = /_TOKEN$|_KEY$/;
const WITH_PASSWORD = /^(DATABASE|BUS|SMTP)_URL$|^SOURCES$/;

/** What a variable was, for a message about what it may be. */
export function shown(name: string, value: string): string {
  if (SECRET.test(name)) return `one of ${value.length} characters`;
  if (WITH_PASSWORD.test(name)) {
    const scheme = /^\s*([\w+.-]{1,20}:\/\/)/.exec(value)?.[1];
    return scheme === undefined ? 'no URL' : `"${scheme}…"`;
  }
  const text = redactor()(value);
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}
