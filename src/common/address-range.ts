/** Addresses on the internet, and those that are not: what a tenant may name is checked by these (security rule 33). */
import ipaddr from 'ipaddr.js';

export type AddressRange = readonly [network: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

export const LOOPBACK: readonly AddressRange[] = [ipaddr.parseCIDR('127.0.0.0/8'), ipaddr.parseCIDR('::1/128')];

/** Public by their number, and a cloud's own services all the same: Azure's host, which answers every machine there. */
const SERVICES: readonly AddressRange[] = [ipaddr.parseCIDR('168.63.129.16/32')];

/** IPv6 addresses in which an IPv4 one stands: whoever translates them would reach that one. RFC 4291, 2.5.5.1. */
const COMPATIBLE = ipaddr.parseCIDR('::/96');
const SITE_LOCAL = ipaddr.parseCIDR('fec0::/10');

/** `10.0.0.0/8`, or one address; undefined: it is neither. */
export function rangeOf(text: string): AddressRange | undefined {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    return undefined; // It is no address.
  }
}

/** Undefined: it is no address as sockets and resolvers write them. An IPv4 one that is written as IPv6 is the IPv4 one. */
function parsed(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.process(text);
}

/** True for one of these ranges. */
export function isWithin(text: string, ranges: readonly AddressRange[]): boolean {
  const address = parsed(text);
  return address !== undefined && ranges.some(([network, bits]) => matches(address, network, bits));
}

/** True for an address that anybody on the internet may be behind: no private, local, shared, reserved or translated one. */
export function isPublic(text: string): boolean {
  const address = parsed(text);
  if (address === undefined || isWithin(text, SERVICES)) return false;
  if (address.kind() === 'ipv6' && [COMPATIBLE, SITE_LOCAL].some(([network, bits]) => matches(address, network, bits)))
    return false;
  return address.range() === 'unicast';
}

function matches(address: ipaddr.IPv4 | ipaddr.IPv6, network: ipaddr.IPv4 | ipaddr.IPv6, bits: number): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}
