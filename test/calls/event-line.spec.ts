import { eventLine, isWord } from '../../src/cli/event-line.js';
import { table } from '../../src/cli/output.js';
import { OBEYED } from '../support/terminal.js';

const line = (type: string, data: object, colour = false) =>
  eventLine({ type, data: { agent: 'mara', callId: 'CA_0123456789', at: '2026-08-09T21:10:00Z', ...data } }, colour);

describe('an event in a terminal', () => {
  it('is one line: when, who, which call, what', () => {
    expect(line('user.message', { text: 'Hola' })).toMatch(/^\d\d:\d\d:00 mara {7}23456789 user\.message {7}"Hola"$/);
    expect(line('call.started', { from: '+1', to: '+2', direction: 'inbound' })).toMatch(
      /call\.started {7}\+1 → \+2 inbound$/,
    );
    expect(line('call.ended', { duration: 3, reason: 'hangup', tenant: 'acme' })).toMatch(
      / acme {7}mara .* 3 s hangup$/,
    );
    expect(line('some.thing', { a: 1, b: ['x'] })).toMatch(/some\.thing {9}\{"a":1,"b":\["x"\]\}$/);
    expect(line('call.ended', {})).toMatch(/call\.ended$/);
  });

  it('is shown and never obeyed, wherever hostile text stands', () => {
    const hostile = '\u001b[31m\u001b]8;;http://evil\u0007\r\n\t\u0085\u009b2J\u2028\u202e\u2066\u200f\u061c\ufeff';
    const hostiles = {
      agent: hostile,
      callId: hostile,
      tenant: hostile,
      text: hostile,
      from: hostile,
      x: { [hostile]: hostile },
    };
    for (const type of ['user.message', 'call.started', `x${hostile}`]) {
      expect(line(type, hostiles)).not.toMatch(OBEYED);
      expect(line(type, hostiles)).not.toContain('\n');
    }
    expect(table([{ name: hostile }], ['name']).split('\n')).toHaveLength(3);
  });

  it('has colours only where they are wanted, and bounds what is long', () => {
    // eslint-disable-next-line no-control-regex
    const colours = /\u001b\[\d+m/g;
    expect(line('call.started', {}, true)).toMatch(colours);
    expect(line('call.started', {}, true).replace(colours, '')).toBe(line('call.started', {}));
    expect(line('user.message', { text: 'x'.repeat(5000) }).length).toBeLessThan(400);
  });

  it('is known for an interim one, which is many and soon superseded', () => {
    const interim = ['bot.word', 'user.speaking', 'speech.started', 'audio.metrics', 'turn.end'];
    expect(interim.filter(isWord)).toEqual(interim);
    expect(['user.message', 'bot.speaking', 'call.started', 'bot.words'].filter(isWord)).toEqual([]);
  });
});
