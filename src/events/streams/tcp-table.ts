/**
 * What the kernel knows of this machine's TCP connections and Node does not tell: how often it has sent the same bytes
 * again without an answer. Linux only. Source: https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt
 */
import { readFile } from 'node:fs/promises';
import { type Socket, SocketAddress } from 'node:net';
import { endianness } from 'node:os';

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
/** Local and remote address, state (01: established), queues, timer, retransmissions. */
const ROW = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) 01 \S+ \S+ ([0-9A-F]{8}) /gm;

/** The name of a connection that both this process and the kernel's table can form. */
export function linkOf({ localPort, remoteAddress, remotePort }: Socket): string {
  return `${localPort} ${remoteAddress} ${remotePort}`;
}

/**
 * Established connections to which the same bytes were sent again at least `atLeast` times, and how often. The number
 * is 0 once they are answered.
 */
export function parseTcpTable(text: string, atLeast = 1): Map<string, number> {
  const links = new Map<string, number>();
  for (const [, local = '', address = '', remote = '', again = ''] of text.matchAll(ROW)) {
    const times = Number.parseInt(again, 16);
    if (times < atLeast) continue;
    links.set(`${Number.parseInt(local, 16)} ${addressOf(address)} ${Number.parseInt(remote, 16)}`, times);
  }
  return links;
}

/** As {@link parseTcpTable}, of the current table. Empty if there is no such table. */
export async function readTcpTable(atLeast?: number): Promise<Map<string, number>> {
  const texts = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => ''))); // No IPv6, or no Linux.
  return parseTcpTable(texts.join(''), atLeast);
}

/** 32-bit words, each in the byte order of the machine. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
