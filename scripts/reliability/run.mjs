// `npm run reliability [-- NAME=ROUNDS …]`: the long fault runs of docs/reliability.md, one table at the end. Each is a
// spec of the suite with its rounds raised by an environment variable, so that what runs for hours is what CI runs for
// seconds; or a script of its own.
import { spawnSync } from 'node:child_process';

const RUNS = {
  'bus-kills': { rounds: 20, variable: 'BUS_KILLS', args: ['test/bus/bus.long-spec.ts', '-t', 'killed, wiped'] },
  'gateway-kills': {
    rounds: 100,
    variable: 'GATEWAY_KILLS',
    args: ['test/database/durability.long-spec.ts', '-t', 'is killed'],
  },
  'database-restarts': {
    rounds: 30,
    variable: 'DATABASE_RESTARTS',
    args: ['test/database/database-restarts.long-spec.ts'],
    more: { DATABASE_AWAY_SECONDS: '30' },
  },
  'broker-source-kills': {
    rounds: 20,
    variable: 'SOURCE_KILLS',
    args: ['test/sources/broker-sources.long-spec.ts', '-t', 'mid-flight'],
  },
  'lease-losses': { rounds: 20, variable: 'LEASE_LOSSES', args: ['test/bus/leases.long-spec.ts', '-t', 'who loses'] },
  'rule-kills': { rounds: 200, variable: 'RULE_KILLS', args: ['test/rules/kills.long-spec.ts'] },
  takeovers: { rounds: 20, variable: 'TAKEOVERS', args: ['test/readers/takeover.long-spec.ts'] },
  'webhook-kills': { rounds: 300, variable: 'WEBHOOK_KILLS', args: ['test/webhooks/kills.long-spec.ts'] },
  'rolling-restarts': { rounds: 10, variable: 'ROLLING_RESTARTS', args: ['test/events/rolling.long-spec.ts'], more: { ROLLING_READERS: '500' } }, // prettier-ignore
  failovers: { rounds: 20, variable: 'FAILOVERS', args: ['test/database/failovers.long-spec.ts'] },
  'read-only': { rounds: 20, variable: 'READ_ONLY', args: ['test/database/read-only.long-spec.ts'] },
  'webhook-latency': { rounds: 5, script: ['scripts/reliability/webhook-latency.mjs', '--pairs'] },
  'rule-cost': { rounds: 5, script: ['scripts/reliability/rule-cost.mjs', '--pairs'] },
  hostile: { rounds: 3, script: ['scripts/reliability/hostile.mjs', '--pairs'] },
};
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--config=jest.all.config.mjs',
  '-i',
];
/** Of one run; a hang is a failure, too. */
const LIMIT_MS = 3_600_000;

const asked = new Map(process.argv.slice(2).map((argument) => argument.split('=')));
const unknown = [...asked.keys()].filter((name) => !(name in RUNS));
if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; known are ${Object.keys(RUNS).join(', ')}`);

const rows = [];
for (const [name, { rounds, variable, args, script, more = {} }] of Object.entries(RUNS)) {
  if (asked.size > 0 && !asked.has(name)) continue;
  const count = asked.get(name) ?? rounds;
  const startedAt = Date.now();
  const environment = {
    ...process.env,
    ...more,
    ...(variable === undefined ? {} : { [variable]: String(count) }),
    RELIABILITY_MS: String(LIMIT_MS),
    TEST_LOG: '1',
  };
  const options = { stdio: ['ignore', 'inherit', 'inherit'], env: environment, timeout: LIMIT_MS };
  const spec = () => [...JEST, ...args, `--testTimeout=${LIMIT_MS}`];
  const { status } = spawnSync(process.execPath, script === undefined ? spec() : [...script, String(count)], options);
  rows.push({
    fault: name,
    rounds: Number(count),
    held: status === 0,
    seconds: Math.round((Date.now() - startedAt) / 1000),
  });
}
console.table(rows);
process.exitCode = rows.every(({ held }) => held) ? 0 : 1;
