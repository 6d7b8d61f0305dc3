/** A log that is long before anybody reads it: written by SQL, as so many appends would have left it. */
import { query } from './database.js';

export interface Filling {
  readonly tenant: string;
  readonly agent: string;
  readonly events: number;
  /** SQL of `n`, the event's number. */
  readonly type?: string;
  readonly data?: string;
  readonly receivedAt?: string;
}

/** Of an empty log: one tenant's events, numbered from 1 in both numberings. */
export async function fillLog(databaseUrl: string, filling: Filling): Promise<void> {
  const {
    tenant,
    agent,
    events,
    type = `'bot.said'`,
    data = `'{"text":"' || n || '"}'`,
    receivedAt = 'now()',
  } = filling;
  await query(databaseUrl, 'INSERT INTO tenants (id, name) VALUES ($1, $1)', [tenant]);
  await query(databaseUrl, 'INSERT INTO agents (name, tenant_id, since) VALUES ($1, $2, now())', [agent, tenant]);
  await query(
    databaseUrl,
    `INSERT INTO events (position, tenant_id, seq, agent, type, at, received_at, source_key, data)
     SELECT n, $1, n, $2, ${type}, now(), ${receivedAt}, 'key ' || n, ${data} FROM generate_series(1, $3::int) n`,
    [tenant, agent, events],
  );
  await query(databaseUrl, 'UPDATE log_head SET position = $1', [events]);
  await query(databaseUrl, 'INSERT INTO tenant_heads (tenant_id, seq) VALUES ($1, $2)', [tenant, events]);
  await query(databaseUrl, `UPDATE projections SET position = $1 WHERE name = 'calls'`, [events]);
}
