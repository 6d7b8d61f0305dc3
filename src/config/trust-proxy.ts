/** Whom to believe when a request says for whom it was forwarded: the value of `TRUST_PROXY`. */
import { BlockList, isIP } from 'node:net';

/**
 * Express's `trust proxy`: how many proxies stand in front, or the addresses that they have (addresses, CIDR blocks, `loopback`,
 * `linklocal`, `uniquelocal`). False: nobody is believed, and a client is where its connection comes from.
 */
export type TrustProxy = number | readonly string[] | false;

const RANGES = ['loopback', 'linklocal', 'uniquelocal'];
/** More than stand in a row anywhere; a larger number is a port or an address cut short. */
const MAX_HOPS = 10;

/** Undefined: not a value that can be meant. `true` is none: it would believe whatever a client says of itself. */
export function trustProxyOf(text: string): TrustProxy | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= MAX_HOPS ? Number(text) || false : undefined;
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.every((entry) => RANGES.includes(entry) || isBlock(entry)) ? entries : undefined;
}

function isBlock(entry: string): boolean {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const family = isIP(address);
  if (family === 0 || prefix === undefined) return family !== 0;
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false; // A longer prefix than the family's addresses have.
  }
}
