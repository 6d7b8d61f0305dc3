/**
 * A schedule by chance, over real HTTP and two processes, against a model that knows who may see what. Every tenant's
 * texts, call ids and numbers carry a canary: one byte of it anywhere else fails. `ISOLATION_SEED=… ISOLATION_STEPS=…`
 * repeats a run.
 */
import { Switchboard } from '../support/switchboard.js';
import { Random } from '../support/world/random.js';
import { World } from '../support/world/world.js';

const STEPS = Number(process.env['ISOLATION_STEPS'] ?? 300);
const SEEDS = process.env['ISOLATION_SEED']
  ? [Number(process.env['ISOLATION_SEED'])]
  : [20261123, Math.floor(Math.random() * 2 ** 31)];
/** How often everything that was received is held against the model. */
const CHECK_EVERY = 250;

let boards: Switchboard[];
beforeAll(async () => {
  const one = await Switchboard.start();
  boards = [one, await one.beside()];
});
afterAll(async () => {
  for (const board of [...boards].reverse()) await board.stop();
});

/** What happens, and how often in a hundred steps. */
const OPERATIONS = {
  ingest: 38,
  write: 6,
  misbehave: 6,
  changeOwner: 16,
  setOwned: 4,
  open: 10,
  reconnect: 10,
  toggleTenant: 3,
  revoke: 2,
  readLog: 2,
  probe: 3,
} satisfies Partial<Record<keyof World, number>>;
type Operation = keyof typeof OPERATIONS;
const DRAWN = Object.entries(OPERATIONS).flatMap(([name, weight]) => Array<Operation>(weight).fill(name as Operation));

it.each(SEEDS)('each reader gets exactly what is its own, whatever happens (seed %d)', async (seed) => {
  const random = new Random(seed);
  const world = new World(boards, random, String(seed));
  await world.setUp();
  const done: Record<string, number> = {};
  for (let step = 1; step <= STEPS; step++) {
    const operation = random.pick(DRAWN);
    done[operation] = (done[operation] ?? 0) + 1;
    try {
      await world[operation]();
      world.rememberOwners();
      if (step % CHECK_EVERY === 0 || step === STEPS) await world.check();
    } catch (error) {
      throw new Error(`seed ${seed}, step ${step} (${operation}): ${(error as Error).message}`, { cause: error });
    }
  }
  for (const operation of Object.keys(OPERATIONS))
    expect([operation, done[operation]]).not.toEqual([operation, undefined]);
  expect(world.endedAfterMs.length).toBeGreaterThan(STEPS / 100);
  // The usual one: a single one may meet a machine that has other work.
  const usual = world.endedAfterMs.toSorted((a, b) => a - b)[world.endedAfterMs.length >> 1];
  expect(usual).toBeLessThan(1000);
  process.stdout.write(
    `isolation: seed ${seed}, ${STEPS} steps, ${world.model.events.length} events, ${world.endedAfterMs.length} readers ` +
      `ended within ${usual} ms, at most ${Math.max(...world.endedAfterMs)}\n`,
  );
});
