/**
 * Node's environment, and a broom: what a spec has started and not stopped, because a test failed, is stopped when the
 * spec ends. Otherwise it would go on in this worker and turn the specs after it red.
 */
import { TestEnvironment } from 'jest-environment-node';
import { setTimeout } from 'node:timers/promises';

const PATIENCE_MS = 10_000;

export default class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.switchboardLeftovers = new Set();
  }

  async teardown() {
    for (const stop of [...(this.global.switchboardLeftovers ?? [])].reverse())
      await Promise.race([stop().catch(() => undefined), setTimeout(PATIENCE_MS, undefined, { ref: false })]);
    await super.teardown();
  }
}
