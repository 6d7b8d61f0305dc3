/** The API says tenant and the page says customer: by the kind of problem, so that what people chose is left alone. */
import { faultOf } from '../../src/dashboard/app/api/problem.js';

const refusal = async (slug: string, problem: object) => {
  const body = { type: `/problems/${slug}`, title: '', status: 409, ...problem };
  return (await faultOf(new Response(JSON.stringify(body)))).message;
};

it('a problem that the API words for programs has words of the page’s own', async () => {
  const detail = 'There is a tenant of that id already.';
  expect(await refusal('tenant-exists', { detail })).toBe('There is already a customer with this short name.');
  expect(await refusal('tenant-exists', { detail, events: 9, erased: 4 })).toContain('still being erased');
  expect(await refusal('tenant-not-found', { detail: 'There is no tenant of that id.' })).not.toContain('tenant');
  expect(await refusal('rate-limited', { detail: 'This tenant may make 5 requests a second.' })).not.toContain(
    'tenant',
  );
});

it('any other detail is shown as the server gave it, whatever names are in it', async () => {
  const detail = 'The agent of this tenant belongs to a tenant, not to nobody.';
  expect(await refusal('owner-changed', { detail })).toBe(detail);
});

it('a field that is not valid is called as its form calls it', async () => {
  const errors = [
    { path: 'tenant', message: 'must be 1–63 of a–z' },
    { path: 'other', message: 'is needed' },
  ];
  const message = await refusal('validation', { detail: 'The request is not valid.', errors });
  expect(message).toBe('Short name: must be 1–63 of a–z; other: is needed');
});
