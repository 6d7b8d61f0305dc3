/**
 * The simulator's `SOURCES` entry: `simulator` or, for example,
 * `simulator:?rate=2&seed=42&speed=1&calls=20&agents=mara+julia`. Agents are separated by "+" (or "%2C"), because the
 * comma separates the entries of `SOURCES`.
 */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { agentNameSchema } from '../../common/ids.js';
import { InvalidSource } from '../source.js';
import { DEMO_AGENTS, DemoAgent, UNOWNED_DEMO_AGENT } from './demo-agents.js';

export interface SimulatorOptions {
  readonly agents: readonly DemoAgent[];
  /** Calls that begin per minute, for each agent. */
  readonly callsPerMinute: number;
  /**
   * Of what is said and when, but not of the ids: those must differ from run to run, or the log would drop them as
   * duplicates.
   */
  readonly seed: number;
  /** 1 is the pace of real life. */
  readonly speed: number;
  /** How many calls in all; absent: no end. */
  readonly calls: number | undefined;
}

/** A conversation lasts about 35 s, so with three a minute one or two are in progress for each agent. */
const DEFAULT_CALLS_PER_MINUTE = 3;

const ENTRY = /^simulator:?(?:\?(?<query>.*))?$/s;
/** All agents of the demo, including the one that belongs to nobody. */
const CAST: readonly DemoAgent[] = [...DEMO_AGENTS, UNOWNED_DEMO_AGENT];
const SEPARATOR = /[,\s]+/;

const decimal = (low: number, high: number) => numeral(/^\d+(\.\d+)?$/, 'a number', low, high);
const integer = (low: number, high: number) => numeral(/^\d+$/, 'a whole number', low, high);

const querySchema = z
  .strictObject({
    rate: decimal(0.01, 6000),
    seed: integer(0, Number.MAX_SAFE_INTEGER),
    speed: decimal(0.01, 100_000),
    calls: integer(1, 1_000_000_000),
    agents: z
      .string()
      .transform((names) => names.split(SEPARATOR).filter((name) => name !== ''))
      .pipe(z.array(agentNameSchema).min(1, 'must name at least one agent').max(1000)),
  })
  .partial();

/** Throws {@link InvalidSource}, with every fault in one line. */
export function readSimulatorOptions(entry: string): SimulatorOptions {
  const match = ENTRY.exec(entry);
  if (!match) throw new InvalidSource('SOURCES: the simulator is written "simulator" or "simulator:?rate=2&seed=42"');
  const parsed = querySchema.safeParse(fieldsOf(match.groups?.['query'] ?? ''));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) =>
      path[0] ? `${String(path[0])} ${message}` : message,
    );
    throw new InvalidSource(`SOURCES: simulator: ${faults.join('; ')}`);
  }
  const { agents, rate, seed, speed, calls } = parsed.data;
  return {
    agents: agents ? [...new Set(agents)].map(agentOf) : CAST,
    callsPerMinute: rate ?? DEFAULT_CALLS_PER_MINUTE,
    seed: seed ?? randomInt(2 ** 47),
    speed: speed ?? 1,
    calls,
  };
}

/** An agent that the demo does not know answers for every business. */
function agentOf(agent: string): DemoAgent {
  return CAST.find((known) => known.agent === agent) ?? { agent, businesses: [] };
}

/** A field given twice is joined by a comma: a list of agents stays valid, a number does not. */
function fieldsOf(query: string): Record<string, string> {
  const fields = new URLSearchParams(query);
  return Object.fromEntries([...new Set(fields.keys())].map((name) => [name, fields.getAll(name).join(',')]));
}

function numeral(shape: RegExp, what: string, low: number, high: number) {
  const message = `must be ${what} from ${low} to ${high}`;
  return z
    .string()
    .regex(shape, { message, abort: true })
    .transform(Number)
    .pipe(z.number().min(low, message).max(high, message));
}
