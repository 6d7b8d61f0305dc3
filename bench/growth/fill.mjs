/**
 * A year of a reseller's events, made in minutes: 50 tenants, of which one has 40 %, 200 agents, some 37 calls of 27
 * events in a thousand. SQL multiplies the templates' rows, table by table, with the result that so many appends and
 * the projection would have had. Every call has its own words, number and id.
 */
import pg from 'pg';
import { RARE, LOST, TEMPLATE } from './templates.mjs';

export const TENANTS = 50;
export const AGENTS = 4;
/** Calls a statement. */
const BATCH = 2000;

export const tenantName = (index) => `growth-${index}`;
/** The rare agent is the large tenant's fifth. */
export const agentName = (tenant, index) => `growth-agent-${tenant}-${index}`;

const TEMPLATES = [
  `CREATE TEMP TABLE tpl AS SELECT row_number() OVER (ORDER BY call_id)::int AS n, c.* FROM calls c
   WHERE tenant_id = $1 AND call_id NOT IN ('${RARE}', '${LOST}')
   UNION ALL SELECT CASE call_id WHEN '${RARE}' THEN -1 ELSE -2 END, c.* FROM calls c
   WHERE tenant_id = $1 AND call_id IN ('${RARE}', '${LOST}')`,
  `CREATE TEMP TABLE tpl_events AS SELECT t.n, e.*, e.at - t.started_at AS after FROM tpl t JOIN events e
   ON e.tenant_id = t.tenant_id AND e.call_id = t.call_id`,
  `CREATE TEMP TABLE tpl_parts AS SELECT t.n, p.* FROM tpl t JOIN call_parts p USING (tenant_id, call_id)`,
  `CREATE INDEX ON tpl_events (n)`,
  `CREATE INDEX ON tpl_parts (n)`,
  `ANALYZE tpl, tpl_events, tpl_parts`,
];

const CALLS = `CREATE TEMP TABLE batch AS SELECT k, t.n, 'CA' || md5('call ' || k) AS call_id, t.call_id AS from_call,
    '${tenantName('')}' || tenant AS tenant_id,
    '${agentName('#', '')}'::text AS agent_stem, tenant,
    CASE WHEN tenant = 0 AND k % 2003 = 7 THEN ${AGENTS} ELSE (k / 7) % ${AGENTS} END AS agent,
    now() - interval '365 days' + k * (interval '365 days' / $3::int) AS started_at,
    20 + (hashtext('d' || k) & 1023)::float8 / 4 AS duration, 'w' || substr(md5('word ' || k / 3), 1, 7) AS word
  FROM (SELECT k, CASE WHEN (hashtext('t' || k) & 1023) < 410 THEN 0
                       ELSE 1 + (hashtext('u' || k) & 1048575) % ${TENANTS - 1} END AS tenant,
          CASE WHEN k % 1999 = 11 THEN -1 WHEN k % 101 = 13 THEN -2
               ELSE 1 + (hashtext('x' || k) & 1048575) % (SELECT max(n) FROM tpl) END AS n
        FROM generate_series($1::int, $2::int) AS k) made JOIN tpl t USING (n)`;
const told = (text) =>
  `replace(replace(replace(${text}, b.from_call, b.call_id), '${TEMPLATE.agent}', b.agent_name), '${TEMPLATE.word}', b.word)`;
const words = (column) => `replace(replace(${column}::text, '@${TEMPLATE.tenant}', '@' || b.tenant_id),
  '${TEMPLATE.word}', b.word)::tsvector`;
const EVENTS = `WITH numbered AS (
    SELECT b.*, e.type, b.started_at + e.after AS at, e.data, (SELECT position FROM log_head)
      + row_number() OVER (ORDER BY b.started_at + e.after, b.k, e.position) AS number,
      row_number() OVER (PARTITION BY b.tenant_id ORDER BY b.started_at + e.after, b.k, e.position) AS seq
    FROM batch b JOIN tpl_events e ON e.n = b.n
  ), put AS (
    INSERT INTO events (position, tenant_id, seq, call_id, agent, type, at, received_at, source_key, data)
    SELECT b.number, b.tenant_id, b.seq + coalesce(h.seq, 0), b.call_id, b.agent_name, b.type, b.at, b.at,
      md5(b.number::text) || 'growth-key-', ${told('b.data')}
    FROM numbered b LEFT JOIN tenant_heads h ON h.tenant_id = b.tenant_id ORDER BY b.number RETURNING position, tenant_id, seq
  ), heads AS (
    INSERT INTO tenant_heads (tenant_id, seq) SELECT tenant_id, max(seq) FROM put GROUP BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET seq = EXCLUDED.seq
  ) UPDATE log_head SET position = (SELECT max(position) FROM put)`;
const ROUTES = `INSERT INTO call_tenants (call_id, tenant_id, agent, first_position)
  SELECT b.call_id, b.tenant_id, b.agent_name, h.position - (count(*) OVER () - row_number() OVER (ORDER BY b.k)) * 20
  FROM batch b, log_head h`;
const ROWS = `INSERT INTO calls (tenant_id, call_id, agent, state, transport, reason, started_at, ended_at, duration, last_at, words, head)
  SELECT b.tenant_id, b.call_id, b.agent_name, t.state, t.transport, t.reason, b.started_at,
    CASE WHEN t.state = 'ended' THEN b.started_at + b.duration * interval '1 s' END,
    CASE WHEN t.state = 'ended' THEN b.duration END, b.started_at + b.duration * interval '1 s',
    ${words('t.words')}, ${told('t.head')}
  FROM batch b JOIN tpl t USING (n)`;
const PARTS = `INSERT INTO call_parts (tenant_id, call_id, key, kind, seq, text, words, state)
  SELECT b.tenant_id, b.call_id, ${told('p.key')}, p.kind, p.seq, ${told('p.text')}, ${words('p.words')}, ${told('p.state')}
  FROM batch b JOIN tpl_parts p USING (n) ORDER BY b.k`;

/** Fills the database of a server that has taken the templates in; the server must be restarted afterwards. */
export async function fill(databaseUrl, events, say) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`SET synchronous_commit = off; SET jit = off; SET work_mem = '128MB'; SET max_parallel_workers_per_gather = 0`);
    for (const [index, text] of TEMPLATES.entries()) await client.query(text, index < 1 ? [TEMPLATE.tenant] : []);
    const { rows } = await client.query('SELECT count(*)::float8 / (SELECT count(*) FROM tpl) AS each FROM tpl_events');
    const calls = Math.round(events / rows[0].each);
    for (let from = 1; from <= calls; from += BATCH) {
      await fillBatch(client, from, Math.min(calls, from + BATCH - 1), calls);
      if (((from - 1) / BATCH) % 20 === 0) say(`${Math.round((100 * from) / calls)} % of ${events} events`);
    }
    say('analysing');
    await client.query('VACUUM (ANALYZE) events, calls, call_parts, call_tenants');
  } finally {
    await client.end();
  }
} // prettier-ignore

async function fillBatch(client, from, until, calls) {
  await client.query('BEGIN');
  await client.query(CALLS, [from, until, calls]);
  await client.query(`ALTER TABLE batch ADD agent_name text`);
  await client.query(`UPDATE batch SET agent_name = replace(agent_stem, '#', tenant::text) || agent`);
  for (const text of [EVENTS, ROUTES, ROWS, PARTS]) await client.query(text);
  await client.query(`UPDATE projections SET position = (SELECT position FROM log_head) WHERE name = 'calls'`);
  await client.query('DROP TABLE batch');
  await client.query('COMMIT');
}
