/**
 * The data with which a hostile tenant has filled its part of the database before it attacks: by SQL, with the same
 * result as so many requests.
 */
import { setTimeout as wait } from 'node:timers/promises';

const FILL = `WITH head AS (SELECT position FROM log_head WHERE id = 1 FOR UPDATE), numbered AS (
  INSERT INTO tenant_heads (tenant_id, seq) VALUES ($1, $2)), moved AS (
  UPDATE log_head SET position = position + $2)
  INSERT INTO events (position, tenant_id, seq, call_id, agent, type, at, source_key, data)
  SELECT head.position + n, $1, n, $3, $1 || '-agent', $4, now(), $1 || n, `;
const text = (length) => `repeat('what was said ', ${Math.ceil(length / 14)})`;

/** `DATA[name](fleet, tenant)`: for the attacks that need it. The tenant owns the agent `<tenant>-agent`. */
const DATA = {
  /** A call of many long messages. */
  parts: (fleet, tenant) => fill(fleet, [tenant, 6000, 'huge', 'user.message'], `'{"callId":"huge","messageId":"m' || n || '","text":"' || ${text(16_000)} || n || '"}'`), // prettier-ignore
  large: (fleet, tenant) => fill(fleet, [tenant, 1000, null, 'large'], `'{"text":"' || ${text(60_000)} || n || '"}'`),
  long: (fleet, tenant) => fill(fleet, [tenant, 500_000, null, 'bot.said'], `'{"text":"' || ${text(140)} || n || '"}'`),
  async calls(fleet, tenant) {
    const call = { event: 'call.started', agent: `${tenant}-agent`, callId: 'first' };
    const said = { ...call, event: 'user.message', messageId: 'm', text: 'the words of the call' };
    await fleet.api('POST', '/v1/ingest', [call, said]);
    const isKept = `SELECT FROM call_parts WHERE tenant_id = $1`;
    while ((await fleet.sql(isKept, [tenant])).length === 0) await wait(100);
    const others = `generate_series(1, 20000) n WHERE tenant_id = $1`;
    await fleet.sql(`INSERT INTO calls (tenant_id, call_id, agent, state, started_at, last_at, words, head)
      SELECT tenant_id, call_id || n, agent, state, started_at, last_at, words, replace(head, call_id, call_id || n) FROM calls, ${others}`, [tenant]); // prettier-ignore
    await fleet.sql(
      `INSERT INTO call_parts (tenant_id, call_id, key, kind, seq, text, words, state)
      SELECT tenant_id, call_id || n, key, kind, seq, text, words, state FROM call_parts, ${others}`,
      [tenant],
    );
  },
  agents: (fleet, tenant) => fleet.sql(`INSERT INTO agents (name, tenant_id, since) SELECT 'one-of-many-' || n, $1, now() FROM generate_series(1, 100000) n`, [tenant]), // prettier-ignore
};

export async function prepare(fleet, tenant, needs) {
  if (needs === undefined) return;
  await DATA[needs](fleet, tenant);
  await fleet.sql('ANALYZE');
}

/** Waits, within limits, until the server has processed what was sent. */
export async function settle(fleet, withinMs) {
  const behind = `SELECT FROM projections, log_head WHERE name = 'calls' AND projections.position < log_head.position`;
  const isBehind = async () => (await fleet.sql(behind)).length > 0;
  for (const end = performance.now() + withinMs; performance.now() < end && (await isBehind()); await wait(200));
}

function fill(fleet, [tenant, count, callId, type], data) {
  return fleet.sql(`${FILL} ${data} FROM head, generate_series(1, $2::bigint) n`, [tenant, count, callId, type]);
}
