import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const SCRIPT = resolve(import.meta.dirname, '../../scripts/scale/simulate.mjs');
const run = (...args: string[]) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });

it('docs/scale.md says what the model says of its inputs', () => {
  expect(run('--check')).toMatchObject({ status: 0, stderr: '' });
  expect(run('--check', '--deliver-us', '5').stderr).toContain(
    'docs/scale.md is not what the model says: inputs, fleet',
  );
});
