/**
 * Connections to addresses that tenants name. The address that is connected to is checked at every attempt, not what a
 * name meant when the endpoint was made, and in whatever notation it is written (security rule 33). Redirects are not
 * followed; proxies of the environment are not used.
 */
import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { type LookupFunction, isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { type AddressRange, isPublic, isWithin } from './address-range.js';

/** Why nothing was sent. `reason` is for people. */
export class Forbidden extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

const CONNECT_MS = 10_000;
/** An unused connection is closed soon: there may be very many endpoints. */
const KEEP_ALIVE_MS = 4000;
const MAX_HEADER_BYTES = 16 * 1024;

export class AddressGuard {
  constructor(private readonly allowed: readonly AddressRange[]) {}

  /** Undefined: the address may be connected to. */
  whyNot(address: string, isSecure: boolean): string | undefined {
    if (isWithin(address, this.allowed)) return undefined;
    if (!isPublic(address)) return 'its address is not a public one';
    return isSecure ? undefined : 'it is not https';
  }

  /** False: connections without TLS are never allowed. */
  get allowsPlain(): boolean {
    return this.allowed.length > 0;
  }
}

/** Says which addresses a name has at this moment: `lookup` of node:dns, with `all`. */
export type Resolve = (
  name: string,
  options: LookupAllOptions,
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Its connections fail with {@link Forbidden} if the guard refuses the address. `resolve` is asked at each of them. */
export function guardedAgent(guard: AddressGuard, resolve: Resolve = lookup): Agent {
  const connector = (isSecure: boolean) =>
    buildConnector({ timeout: CONNECT_MS, lookup: guardedLookup(guard, isSecure, resolve), autoSelectFamily: true });
  const [plain, secure] = [connector(false), connector(true)];
  const connect: buildConnector.connector = (options, callback) => {
    const isSecure = options.protocol === 'https:';
    // The resolver is not asked about a literal address.
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
    const why = isIP(host) === 0 ? undefined : guard.whyNot(host, isSecure);
    if (why !== undefined) return callback(new Forbidden(why), null);
    (isSecure ? secure : plain)(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const reached = socket.remoteAddress;
      const whyReached = reached === undefined ? 'it went away' : guard.whyNot(reached, isSecure);
      if (whyReached === undefined) return callback(null, socket);
      socket.destroy();
      callback(new Forbidden(whyReached), null);
    });
  };
  return new Agent({ connect, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES, pipelining: 1 });
}

/** The resolver's answers that may be connected to; {@link Forbidden} if none is left. */
function guardedLookup(guard: AddressGuard, isSecure: boolean, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const allowed = addresses.filter(({ address }) => guard.whyNot(address, isSecure) === undefined);
      const [first] = allowed;
      const why = addresses[0] === undefined ? 'its name has no address' : guard.whyNot(addresses[0].address, isSecure);
      if (first === undefined) return callback(new Forbidden(why ?? 'its name has no address'), []);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
