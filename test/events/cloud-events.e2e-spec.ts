/**
 * `?format=cloudevents`: the same events as structured CloudEvents, to readers beside others (docs/protocol.md, section
 * 4.7).
 */
import { Switchboard } from '../support/switchboard.js';
import { fresh, message, word } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start();
});
afterAll(() => board.stop());

const isLoggedOrSaid = ({ type }: { type: string }) => /^(user|bot)\./.test(type);

it('carries each event once, from the log and live, while others read the plain form', async () => {
  const agent = fresh('mara');
  const { id, token } = await board.createTenant({ agents: [agent] });
  await board.ingest(message(agent, 'CA_1', 1));
  const read = (path: string, by = token) => board.open(path, { token: by });
  const [plain, cloud, platform] = await Promise.all([
    read('/v1/events?after=0'),
    read('/v1/events?after=0&format=cloudevents'),
    read(`/v1/admin/events?tenants=${id}&after=0&format=cloudevents`, board.adminToken),
  ]);
  const readers = [plain, cloud, platform];
  await Promise.all(readers.map((reader) => reader.untilType('log.caught_up')));
  await board.ingest(word(agent, 'CA_1', 'hello'), message(agent, 'CA_1', 2));
  await Promise.all(readers.map((reader) => reader.untilType('user.message', 2)));

  const [own, events, all] = readers.map(({ frames }) => frames.filter(isLoggedOrSaid));
  expect(own?.map(({ type, id: cursor }) => [type, cursor])).toEqual(events?.map((one) => [one.type, one.id]));
  for (const [index, frame] of (events ?? []).entries()) {
    const { data } = own?.[index] ?? {};
    const { id: name, ...rest } = frame.data;
    expect(rest).toEqual({
      specversion: '1.0',
      source: `/tenants/${id}`,
      type: frame.type,
      subject: 'CA_1',
      time: data?.['at'],
      datacontenttype: 'application/json',
      data,
    });
    expect(String(name)).toMatch(frame.type === 'bot.word' ? /^\d+-[\w-]{16}$/ : new RegExp(`^${frame.id}$`));
  }
  expect(all?.map(({ data }) => [data['source'], data['tenant'], data['data']])).toEqual(
    own?.map(({ data }) => ['/platform', id, data]),
  );
  // An ephemeral event has one name, whoever reads it.
  const names = [events, all].map((frames) => frames?.find(({ type }) => type === 'bot.word')?.data['id']);
  expect(names[0]).toBe(names[1]);
});

it('is the one other form that there is', async () => {
  const { token } = await board.createTenant();
  const { status, body } = await board.request('GET', '/v1/events?format=xml', { token });
  expect([status, body['type']]).toEqual([400, '/problems/validation']);
});
