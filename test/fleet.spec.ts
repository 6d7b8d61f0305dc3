import { FleetError, planFleet, readFleet } from '../src/cli/fleet.js';

const faultsOf = (text: string): readonly string[] => {
  try {
    readFleet(text);
  } catch (error) {
    if (error instanceof FleetError) return error.faults;
    throw error;
  }
  return [];
};

describe('a fleet in a file', () => {
  it('is the same as CSV, as a list and as a map', () => {
    const fleet = [
      { agent: 'mara', tenant: 'acme' },
      { agent: 'Júlia,2', tenant: 'globex' },
    ];
    const csv = '\ufefftenant, agent ,note\r\nacme,mara,x\r\n\r\nglobex,"Júlia,2",\r\n';
    for (const text of [csv, JSON.stringify(fleet), ' {"acme":["mara"],"globex":["Júlia,2"]}'])
      expect(readFleet(text)).toEqual(fleet);
  });

  it('is refused as a whole, each fault with its place', () => {
    expect(faultsOf('agent,tenant\nmara,acme\nmara,globex\n"a b",acme\nnora,ACME\n')).toEqual([
      'line 3: "mara" stands in line 2 already',
      'line 4: "a b" is no name of an agent',
      'line 5: "ACME" is no name of a tenant',
    ]);
    expect(faultsOf('{"acme":["mara"],"globex":["mara"]}')).toEqual(['globex[0]: "mara" stands in acme[0] already']);
    expect(faultsOf('[{"agent":"","tenant":"acme"}]')).toEqual(['entry 1: "" is no name of an agent']);
  });

  it.each(['', '\n\n', 'agent,tenant\n', '[]', '{}'])('is refused when there is nothing in it: %j', (text) => {
    expect(faultsOf(text)).toEqual(['there is nothing in it']);
  });

  it.each([
    ['a header without tenant', 'agent,customer\nmara,acme\n', /header must name agent and tenant/],
    ['a line that is too short', 'agent,tenant\nmara\n', /line 2/],
    ['a quote that is not closed', 'agent,tenant\n"mara,acme\n', /line/],
    ['JSON that is cut off', '[{"agent":', /JSON/],
    ['JSON of another shape', '{"acme":"mara"}', /it must be/],
  ])('is refused with %s', (_, text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(fault)]);
  });

  it('is brought about by assigning what nobody has, moving what others have, and keeping the rest', () => {
    const placements = ['mara', 'lucia', 'nora', 'new'].map((agent) => ({ agent, tenant: 'acme' }));
    const owners = new Map<string, string | null>([
      ['mara', 'acme'],
      ['lucia', 'globex'],
      ['nora', null],
    ]);
    expect(planFleet(placements, owners).map(({ agent, what, from }) => [agent, what, from])).toEqual([
      ['mara', 'keep', 'acme'],
      ['lucia', 'transfer', 'globex'],
      ['nora', 'assign', null],
      ['new', 'assign', null],
    ]);
  });
});
