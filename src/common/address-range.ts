/**
 * Tells public addresses on the internet from all others. What a tenant may name is checked by these ranges (security
 * rule 33).
 */
import ipaddr from 'ipaddr.js';

export type AddressRange = readonly [network: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

export const LOOPBACK: readonly AddressRange[] = [ipaddr.parseCIDR('127.0.0.0/8'), ipaddr.parseCIDR('::1/128')];

/** Public by their number, but a cloud's own services: Azure's host answers every machine at this address. */
const SERVICES: readonly AddressRange[] = [ipaddr.parseCIDR('168.63.129.16/32')];

/** IPv6 addresses that contain an IPv4 one: a translator on the way would reach the IPv4 one. RFC 4291, 2.5.5.1. */
const COMPATIBLE = ipaddr.parseCIDR('::/96');
const SITE_LOCAL = ipaddr.parseCIDR('fec0::/10');

/** `10.0.0.0/8`, or one address; undefined: neither. */
export function rangeOf(text: string): AddressRange | undefined {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    return undefined; // Not an address.
  }
}

/**
 * Undefined: not an address as sockets and resolvers write them. An IPv4 address written as IPv6 counts as the IPv4
 * one.
 */
function parsed(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.process(text);
}

/** True if the address is in one of these ranges. */
export function isWithin(text: string, ranges: readonly AddressRange[]): boolean {
  const address = parsed(text);
  return address !== undefined && ranges.some(([network, bits]) => matches(address, network, bits));
}

/** True for an address that anybody on the internet may have: not private, local, shared, reserved or translated. */
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
