/** The API says tenant and the page says customer; what people chose is left alone. */
import { faultOf } from '../../src/dashboard/app/api/problem.js';

const refusal = (problem: object) =>
  faultOf(new Response(JSON.stringify({ type: '/problems/tenant-exists', title: '', status: 409, ...problem })));

it.each([
  ['There is a tenant of that id already.', 'There is a customer of that id already.'],
  ['The tenant of that id is being erased.', 'The customer of that id is being erased.'],
  ['This tenant may send 300 events a second.', 'This customer may send 300 events a second.'],
  ['mara is owned by another tenant.', 'mara is owned by another customer.'],
  ['Events of no tenant are not kept.', 'Events of no customer are not kept.'],
  ['mara belongs to tenant, not to nobody.', 'mara belongs to tenant, not to nobody.'],
  ['Rights of the tenant-7 …', 'Rights of the tenant-7 …'],
])('%s', async (detail, shown) => {
  expect((await refusal({ detail })).message).toBe(shown);
  const { message } = await refusal({ detail: '', errors: [{ path: 'tenant', message: detail }] });
  expect(message).toBe(`tenant: ${shown}`);
});
