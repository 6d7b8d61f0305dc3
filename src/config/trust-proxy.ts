/** Who is believed about the client of a forwarded request: the value of `TRUST_PROXY`. */
import { BlockList, isIP } from 'node:net';

/**
 * Express's `trust proxy`: how many proxies stand in front, or their addresses (addresses, CIDR blocks, `loopback`,
 * `linklocal`, `uniquelocal`). False: nobody is believed, and a client's address is that of its connection.
 */
export type TrustProxy = number | readonly string[] | false;

const RANGES = ['loopback', 'linklocal', 'uniquelocal'];
/** More than ever stand in a row; a larger number is a port, or an address cut short. */
const MAX_HOPS = 10;

/** Undefined: not a valid value. `true` is not valid: it would believe whatever a client says about itself. */
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
    return false; // The prefix is longer than an address of this family.
  }
}
