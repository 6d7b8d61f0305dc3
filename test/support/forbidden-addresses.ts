/** Ways to write addresses that may not be reached: what is known of how such checks were got round. */

const LOOPBACKS = ['127.0.0.1', '127.0.0.2', '127.1.2.3', '127.255.255.254', '0.0.0.0'];
const METADATA = ['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192'];
const PRIVATE = ['10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'];
const IPV6 = [
  '::1',
  '::',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:0:127.0.0.1',
  '::127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::',
  '::ffff:169.254.169.254',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'fec0::1',
  'ff02::1',
  '2001:0:7f00:1::',
  '0000::0001',
  '::ffff:0a00:1',
];
const NAMES = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  'localhost.localdomain',
  'ip6-localhost',
  'ip6-loopback',
  'metadata.google.internal',
  'metadata',
  'kubernetes.default.svc',
  '127.0.0.1.nip.io',
  'localtest.me',
];

const octets = (address: string) => address.split('.').map(Number);
const number = (address: string) => octets(address).reduce((sum, octet) => sum * 256 + octet, 0);
const hex = (value: number, width = 0) => value.toString(16).padStart(width, '0');

/** One IPv4 address as inet_aton and the URL standard read it. */
function formsOf(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = octets(address);
  return [
    address,
    `${address}.`,
    String(number(address)),
    `0x${hex(number(address))}`,
    `0${number(address).toString(8)}`,
    `0x${hex(a)}.0x${hex(b)}.0x${hex(c)}.0x${hex(d)}`,
    `0${a.toString(8)}.0${b.toString(8)}.0${c.toString(8)}.0${d.toString(8)}`,
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `000${a.toString(8)}.${b}.${c}.${d}`,
    address.replaceAll('.', '%2e'),
    address.replaceAll('.', '。'),
    [...address].map(wide).join(''),
  ];
}

/** Full-width digits, which the URL standard reads as plain ones. */
function wide(character: string): string {
  return /\d/.test(character) ? String.fromCodePoint(0xff10 + Number(character)) : character;
}

/** Addresses of URLs with this port, by which nobody may be reached. */
export function notations(port: number): string[] {
  const hosts = [
    ...[...LOOPBACKS, ...METADATA, ...PRIVATE].flatMap(formsOf),
    ...IPV6.map((address) => `[${address}]`),
    '[::1%25lo]',
    '[fe80::1%25eth0]',
    '[::1%lo]',
    ...NAMES,
    ...['user@127.0.0.1', 'example.com@127.0.0.1', 'example.com:443@127.0.0.1', '127.0.0.1#@example.com'].map(String),
  ];
  const written = hosts.flatMap((host) => [`http://${host}:${port}/`, `https://${host}:${port}/`]);
  const schemes = ['ftp', 'file', 'gopher', 'ws', 'unix', 'data'].map((scheme) => `${scheme}://127.0.0.1:${port}/`);
  return [...written, ...schemes, `//127.0.0.1:${port}/`, `http:127.0.0.1:${port}`, `http:\\\\127.0.0.1:${port}\\`];
}
