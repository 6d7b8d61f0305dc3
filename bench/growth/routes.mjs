/** The requests to a log that has grown, and the longest that each may take (ms), whatever the log's size. */
import { createHash } from 'node:crypto';
import { AGENTS, agentName } from './fill.mjs';

/** Words that occur in three successive calls. */
const RARE_WORD = `w${createHash('md5').update('word 500').digest('hex').slice(0, 7)}`;
const RARE_AGENT = agentName(0, AGENTS);
const YEAR = () => {
  const to = new Date();
  return `from=${new Date(to.getTime() - 364 * 86_400_000).toISOString()}&to=${to.toISOString()}`;
};

const SEARCHES = [
  ['two letters', 'ta'],
  ['a common word', 'please'],
  ['two of them', 'please today'],
  ['a phrase', '"thank please"'],
  ['a word but not another', 'booking -today'],
  ['a rare word', RARE_WORD],
  ['nothing that was said', 'nobodysaysthis'],
];
const search = (who, path) =>
  SEARCHES.map(([what, text]) => ({
    key: `search ${who}: ${what}`,
    who,
    path: `${path}?q=${encodeURIComponent(text)}`,
    most: 250,
  }));

/** If a filter finds nothing on the first page, pages are read to the end: `untilEnd`. */
export const ROUTES = [
  ...search('large', '/v1/calls'),
  ...search('small', '/v1/calls'),
  ...search('admin', '/v1/admin/calls'),
  ...['large', 'small'].flatMap((who) => [
    { key: `log ${who}: a rare type`, who, path: '/v1/log?types=growth.rare', untilEnd: true, most: 50 },
    { key: `log ${who}: an absent type`, who, path: '/v1/log?types=nobody.sends', untilEnd: true, most: 50 },
    { key: `log ${who}: an absent prefix`, who, path: '/v1/log?types=nobody.*', untilEnd: true, most: 50 },
  ]),
  { key: 'log large: a rare agent', who: 'large', path: `/v1/log?agents=${RARE_AGENT}`, most: 100 },
  { key: 'log large: a rare agent, to its end', who: 'large', path: `/v1/log?agents=${RARE_AGENT}`, untilEnd: true },
  { key: 'log large: from the start', who: 'large', path: '/v1/log', most: 100 },
  { key: 'calls large: a rare agent', who: 'large', path: `/v1/calls?agents=${RARE_AGENT}`, most: 100 },
  { key: 'calls admin: a rare agent', who: 'admin', path: `/v1/admin/calls?agents=${RARE_AGENT}`, most: 100 },
  { key: 'calls large: live', who: 'large', path: '/v1/calls?state=live', most: 100 },
  { key: 'calls admin: live', who: 'admin', path: '/v1/admin/calls?state=live', most: 100 },
  { key: 'calls large: newest', who: 'large', path: '/v1/calls', most: 100 },
  { key: 'calls admin: newest', who: 'admin', path: '/v1/admin/calls', most: 100 },
  { key: 'stats large: a year by day', who: 'large', path: () => `/v1/stats?${YEAR()}&bucket=day`, most: 50 },
  {
    key: 'stats large: a year by day, in Calcutta',
    who: 'large',
    path: () => `/v1/stats?${YEAR()}&bucket=day&tz=Asia/Kolkata`,
    most: 50,
  },
  { key: 'stats small: a year by day', who: 'small', path: () => `/v1/stats?${YEAR()}&bucket=day`, most: 50 },
  { key: 'stats large: seven days', who: 'large', path: '/v1/stats', most: 50 },
  { key: 'connections, none open', who: 'admin', path: '/v1/admin/connections', most: 50 },
  {
    key: 'a transfer, dry run',
    who: 'admin',
    method: 'PUT',
    path: `/v1/admin/agents/${agentName(0, 0)}/owner?dryRun=true`,
    body: { tenant: 'growth-1', from: 'growth-0' },
    most: 100,
  },
];
