/** Names of what is published, under a prefix of the installation's own. */
import { createHash } from 'node:crypto';
import { PgPool } from '../database/pg-pool.js';

/** A tenant's id that may stand in a subject as it is; anything else is encoded. */
const PLAIN = /^[a-z0-9-]+$/;

export class Subjects {
  /** What every process hears. */
  readonly all: string;
  /** The events of all tenants. */
  readonly allEvents: string;

  constructor(private readonly prefix: string) {
    this.all = `${prefix}.all`;
    this.allEvents = `${prefix}.events.*`;
  }

  /**
   * Of this very database, and its schema, and no copy of it: installations that share a broker must not hear each other. Its cluster is known as
   * the log knows it (events/log/log-lineage.ts), for some hosted databases do not tell, and the same after a failover.
   */
  static async of(pool: PgPool): Promise<Subjects> {
    const { rows } = await pool.query<{ id: string | null }>(
      `SELECT split_part(l.database, '/', 1) || '/' || d.oid || '/' || concat_ws('/', d.datname, nullif(current_schema(), 'public')) AS id
       FROM log_lineage l, pg_database d WHERE l.id = 1 AND d.datname = current_database()`,
    );
    const id = rows[0]?.id;
    if (!id) throw new Error('it is not known yet which database this is');
    return new Subjects(`switchboard.${createHash('sha256').update(id).digest('hex').slice(0, 24)}`);
  }

  /** Of a tenant, of nobody (null), of all (undefined). */
  eventsOf(tenantId: string | null | undefined): string {
    if (tenantId === undefined) return this.allEvents;
    const level = tenantId === null ? '_' : PLAIN.test(tenantId) ? tenantId : `=${base64url(tenantId)}`;
    return `${this.prefix}.events.${level}`;
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
