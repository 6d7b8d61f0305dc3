import { readEnv } from '../../src/config/env.js';
import { InvalidEnv } from '../../src/config/variables.js';

const trusted = (TRUST_PROXY: string) => readEnv({ TRUST_PROXY }).trustProxy;

it('TRUST_PROXY says how many proxies stand in front, or where they are; nobody is believed unless it is set', () => {
  expect([trusted(''), trusted('0'), trusted('1'), trusted('10')]).toEqual([false, false, 1, 10]);
  expect(trusted('loopback')).toEqual(['loopback']);
  expect(trusted('10.0.0.0/8, fd00::/8,192.168.0.7')).toEqual(['10.0.0.0/8', 'fd00::/8', '192.168.0.7']);
});

it.each([
  'true',
  '*',
  '11',
  '-1',
  '10.0.0.0/33',
  '::/129',
  '10.0.0',
  'nginx',
  '10.0.0.1,',
  'loopback,true',
  '10.0.0.1/8/8',
])('TRUST_PROXY=%s is refused: a client could say what it likes of itself', (value) => {
  expect(() => trusted(value)).toThrow(InvalidEnv);
  expect(() => trusted(value)).toThrow(/^TRUST_PROXY: must be how many proxies/);
});
