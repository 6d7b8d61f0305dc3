/**
 * The hostile clients, in a process of their own with the lowest priority, so that their own CPU use is not measured.
 * Commands: `cheap` → names of attacks, `begin` {attack, port, …what it needs}, `seen` → how often each outcome
 * has occurred so far, `end` → how often each did.
 */
import { setPriority } from 'node:os';
import { answer } from '../../bench/commands.mjs';
import { ATTACKS } from './attacks.mjs';
import { Onslaught } from './raw.mjs';

const LEAST_URGENT = 19;

setPriority(LEAST_URGENT);
let onslaught;

answer({
  cheap: () => Object.keys(ATTACKS).filter((name) => ATTACKS[name].cheap),
  begin({ attack, ...given }) {
    onslaught = new Onslaught(given);
    ATTACKS[attack].run(onslaught);
  },
  seen: () => onslaught.counts,
  end: () => onslaught.end(),
});
