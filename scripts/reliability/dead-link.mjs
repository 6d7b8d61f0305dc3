/**
 * A client's machine behind a router, both as network namespaces (Linux, root, `ip`). Packets that the router does not
 * forward are lost without notice to either end, as on a dead radio link. The server runs in this script's namespace.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';

/** From the block that RFC 2544 reserves for measurements: it collides with nobody's network. */
const SERVER = '198.18.71.1';
const ROUTER = { near: '198.18.71.2', far: '198.18.72.2' };
const CLIENT = '198.18.72.1';
const NAMES = {
  router: 'sb-router',
  client: 'sb-client',
  near: 'sb-near',
  nearPeer: 'sb-near-r',
  far: 'sb-far',
  farPeer: 'sb-far-r',
};

/** Why this is impossible here; undefined: it is possible. */
export function whyNoDeadLink() {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s';
  if (process.getuid() !== 0) return 'network namespaces need root';
  const tried = spawnSync('ip', ['netns', 'add', 'sb-probe']);
  if (tried.error) return 'there is no `ip` (Debian: iproute2)';
  if (tried.status !== 0) return `no network namespace may be made here: ${String(tried.stderr).trim()}`;
  ip('netns', 'del', 'sb-probe');
  return undefined;
}

export class DeadLink {
  /** Where the client reaches the server. */
  server = SERVER;

  constructor() {
    this.remove();
    const { router, client, near, nearPeer, far, farPeer } = NAMES;
    for (const name of [router, client]) ip('netns', 'add', name);
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', nearPeer);
    ip('link', 'add', far, 'type', 'veth', 'peer', 'name', farPeer);
    for (const [name, into] of [[nearPeer, router], [farPeer, router], [far, client]]) ip('link', 'set', name, 'netns', into); 
    ip('addr', 'add', `${SERVER}/24`, 'dev', near);
    ip('-n', router, 'addr', 'add', `${ROUTER.near}/24`, 'dev', nearPeer);
    ip('-n', router, 'addr', 'add', `${ROUTER.far}/24`, 'dev', farPeer);
    ip('-n', client, 'addr', 'add', `${CLIENT}/24`, 'dev', far);
    ip('link', 'set', near, 'up');
    for (const name of [nearPeer, farPeer]) ip('-n', router, 'link', 'set', name, 'up');
    ip('-n', client, 'link', 'set', far, 'up');
    ip('route', 'add', '198.18.72.0/24', 'via', ROUTER.near);
    ip('-n', client, 'route', 'add', 'default', 'via', ROUTER.far);
    this.forward(true);
  }

  /** A command and its arguments on the client's machine. */
  onClient(...command) {
    return ['ip', 'netns', 'exec', NAMES.client, ...command];
  }

  /** False: the link is dead from now on. */
  forward(forwards) {
    run('ip', ['netns', 'exec', NAMES.router, 'sh', '-c', `echo ${forwards ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`]);
  }

  remove() {
    for (const name of [NAMES.client, NAMES.router]) spawnSync('ip', ['netns', 'del', name]);
    for (const name of [NAMES.near, NAMES.far]) spawnSync('ip', ['link', 'del', name]);
  }
} // prettier-ignore

function ip(...parameters) {
  run('ip', parameters);
}

function run(command, parameters) {
  const { status, stderr } = spawnSync(command, parameters);
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')}: ${String(stderr).trim()}`);
}
