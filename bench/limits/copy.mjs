/**
 * Durable events in over HTTP, in batches of 100, compared with PostgreSQL's own COPY of the same rows into a table
 * like that of the log: as one statement, and as durably as ours, with one commit per batch.
 */
import { once } from 'node:events';
import pg from 'pg';
import { from, to } from 'pg-copy-streams';
import { closedLoop } from '../load.mjs';

const CONNECTIONS = 4;
const BATCH = 100;
const WARM_UP_MS = 1500;

export const rows = () => [
  { key: 'ingestPerSecond', label: `durable events/s over HTTP, ${CONNECTIONS} connections × ${BATCH}`, least: 20_000 },
  { key: 'copyPerSecond', label: `… the same rows by COPY, ${CONNECTIONS} connections × ${BATCH}` },
  { key: 'copyRatio', label: '… ratio', least: 0.5 },
  { key: 'copyWholePerSecond', label: '… the same rows by one COPY' },
  { key: 'copyWholeRatio', label: '… ratio' },
];

export async function measure({ subject, options }) {
  const load = { connections: CONNECTIONS, eventsARequest: BATCH, warmUpMs: WARM_UP_MS, forMs: options.deliverMs };
  const { eventsPerSecond } = await closedLoop(subject, load);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connected(subject)));
  try {
    const lines = await newest(clients[0], Math.round((eventsPerSecond * options.deliverMs) / 1000));
    const copyPerSecond = await copied(clients, lines, BATCH);
    const copyWholePerSecond = await copied(clients.slice(0, 1), lines, lines.length);
    const [copyRatio, copyWholeRatio] = [copyPerSecond, copyWholePerSecond].map((peer) => eventsPerSecond / peer);
    return { ingestPerSecond: eventsPerSecond, copyPerSecond, copyRatio, copyWholePerSecond, copyWholeRatio };
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function connected({ databaseUrl }) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  return client;
}

/** Rows of the log in COPY's format, one per line. */
async function newest(client, count) {
  const rows = client.query(to(`COPY (SELECT * FROM events ORDER BY position DESC LIMIT ${count}) TO STDOUT`));
  const text = Buffer.concat(await rows.toArray()).toString();
  return text.split('\n').slice(0, -1).reverse();
}

/** Rows a second into an empty table with the log's columns, checks and indexes; the connections share the work. */
async function copied(clients, lines, batch) {
  await clients[0].query('CREATE TABLE bench_copy (LIKE events INCLUDING ALL)');
  await clients[0].query('CHECKPOINT');
  const batches = [];
  for (let start = 0; start < lines.length; start += batch)
    batches.push(Buffer.from(`${lines.slice(start, start + batch).join('\n')}\n`));
  const startedAt = performance.now();
  const due = batches.values();
  await Promise.all(
    clients.map(async (client) => {
      for (const bytes of due) {
        const copy = client.query(from('COPY bench_copy FROM STDIN'));
        copy.end(bytes);
        await once(copy, 'finish');
      }
    }),
  );
  const tookMs = performance.now() - startedAt;
  await clients[0].query('DROP TABLE bench_copy');
  return (lines.length / tookMs) * 1000;
}
