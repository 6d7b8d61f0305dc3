/** Names of subjects, under a prefix of this installation. */
import { createHash } from 'node:crypto';
import { PgPool } from '../database/pg-pool.js';

/** A tenant's id that may stand in a subject unchanged; any other is encoded. */
const PLAIN = /^[a-z0-9-]+$/;

export class Subjects {
  /** The subject that every process hears. */
  readonly all: string;
  /** The events of all tenants. */
  readonly allEvents: string;

  constructor(private readonly prefix: string) {
    this.all = `${prefix}.all`;
    this.allEvents = `${prefix}.events.*`;
  }

  /**
   * Names this very database and its schema, and no copy of it: installations that share a broker must not hear each
   * other. The cluster is identified as the log does it (events/log/log-lineage.ts), because some hosted databases do
   * not tell, and so that it stays the same after a failover.
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

  /** The subject of a tenant, of nobody (null) or of all (undefined). */
  eventsOf(tenantId: string | null | undefined): string {
    if (tenantId === undefined) return this.allEvents;
    const level = tenantId === null ? '_' : PLAIN.test(tenantId) ? tenantId : `=${base64url(tenantId)}`;
    return `${this.prefix}.events.${level}`;
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
