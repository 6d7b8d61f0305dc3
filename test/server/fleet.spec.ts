import { FleetError, planFleet, readFleet as readBytes } from '../../src/cli/fleet.js';

const readFleet = (text: string) => readBytes(Buffer.from(text));

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

  describe('as spreadsheets write it:', () => {
    const fleet = [
      { agent: 'mara', tenant: 'acme' },
      { agent: 'Júlia,2', tenant: 'globex' },
    ];
    const semicolons = 'Agent;Tenant;\r\nmara;acme;\r\nJúlia,2;globex;\r\n;;\r\n';
    const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
    it.each<[string, Uint8Array]>([
      ['semicolons', Buffer.from(semicolons)],
      ['semicolons after a byte order mark', Buffer.from(`\ufeff${semicolons}`)],
      ['a first line that names the separator', Buffer.from(`\ufeffsep=;\r\n${semicolons}`)],
      ['tabs', Buffer.from(semicolons.replaceAll(';', '\t'))],
      ['a separator of no country', Buffer.from(`sep=|\n${semicolons.replaceAll(';', '|')}`)],
      ['the line ends of an old Macintosh', Buffer.from(semicolons.replaceAll('\r\n', '\r'))],
      ['commas, quoted', Buffer.from('"AGENT","TENANT"\r\n"mara","acme"\r\n"Júlia,2","globex"\r\n')],
      ['UTF-16, tabs', utf16(semicolons.replaceAll(';', '\t'))],
      ['UTF-16 of the other order', utf16(semicolons).swap16()],
      ['UTF-16 without a mark', Buffer.from(semicolons, 'utf16le')],
      ['JSON in UTF-16', utf16(JSON.stringify(fleet))],
    ])('%s', (_, bytes) => {
      expect(readBytes(bytes)).toEqual(fleet);
    });

    it('a fault is at the line that an editor shows', () => {
      expect(faultsOf('sep=;\r\nagent;tenant\r\nmara;acme\r\nnora;ACME\r\n')).toEqual([
        'line 4: "ACME" is no name of a tenant',
      ]);
    });

    it('a code page is asked to be UTF-8: which one it is nobody could tell', () => {
      expect(() => readBytes(Buffer.from('agent;tenant\r\nJúlia;acme\r\n', 'latin1'))).toThrow(/CSV UTF-8/);
    });
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
