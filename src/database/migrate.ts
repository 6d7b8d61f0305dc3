/**
 * Applies prisma/migrations with Prisma's own schema engine, compiled to WebAssembly: the same books
 * (`_prisma_migrations`) as `prisma migrate deploy`, without the native engine that would have to be downloaded.
 */
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as engineBindings from '@prisma/schema-engine-wasm/schema_engine_bg';

type SchemaEngine = engineBindings.SchemaEngine;

const prismaFolder = fileURLToPath(new URL('../../prisma/', import.meta.url));

/** Any number; two processes that start at once must agree on it. */
const MIGRATION_LOCK = 7_265_318;

/** Brings the database to the newest migration. Safe to run from several processes at once. Returns what was applied. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const { default: pg } = await import('pg');
  const lock = new pg.Client({ connectionString: databaseUrl, application_name: 'switchboard-migrate' });
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await withSchemaEngine(databaseUrl, async (engine) => {
      const filters = { externalTables: [], externalEnums: [] };
      const { appliedMigrationNames } = await engine.applyMigrations({
        migrationsList: await readMigrations(),
        filters,
      });
      return appliedMigrationNames;
    });
  } finally {
    await lock.end();
  }
}

/** The SQL that makes schema.prisma in an empty database: where the next migration is cut from, and what a test compares. */
export async function schemaScript(databaseUrl: string): Promise<string> {
  const schema = await readSchema();
  const { stdout } = await withSchemaEngine(databaseUrl, (engine) =>
    engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    }),
  );
  return stdout ?? '';
}

async function readSchema(): Promise<{ path: string; content: string }> {
  const path = join(prismaFolder, 'schema.prisma');
  return { path, content: await readFile(path, 'utf8') };
}

async function readMigrations(): Promise<engineBindings.MigrationList> {
  const baseDir = join(prismaFolder, 'migrations');
  const names = (await readdir(baseDir, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const migrationDirectories = await Promise.all(
    names.map(async (path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readFile(join(baseDir, path, 'migration.sql'), 'utf8') },
      },
    })),
  );
  const lockfile = {
    path: 'migration_lock.toml',
    content: await readFile(join(baseDir, 'migration_lock.toml'), 'utf8'),
  };
  return { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories };
}

/** The little of WebAssembly that we call: its types come with the DOM library, which a server has no use for. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: Record<string, unknown>): Promise<{ instance: { exports: object } }>;
};

let engineModule: Promise<typeof engineBindings> | undefined;

async function withSchemaEngine<T>(databaseUrl: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  const bindings = await (engineModule ??= instantiateEngine());
  const schema = await readSchema();
  const factory = new MigrationAdapterFactory({
    connectionString: databaseUrl,
    application_name: 'switchboard-migrate',
  });
  const adapter = bindMigrationAwareSqlAdapterFactory(factory);
  try {
    return await work(
      await bindings.SchemaEngine.new({ datamodels: [[schema.path, schema.content]] }, () => undefined, adapter),
    );
  } finally {
    await factory.dispose();
  }
}

/**
 * The stock adapter splits a script at every ";", also within function bodies and comments, and runs the pieces on their own.
 * Sent whole, PostgreSQL parses it itself and a migration is one transaction.
 */
class MigrationAdapterFactory extends PrismaPg {
  private readonly connected: { dispose(): Promise<void> }[] = [];

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    this.connected.push(adapter);
    adapter.executeScript = async (script) => {
      await adapter.underlyingDriver().query(script);
    };
    return adapter;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.connected.map((adapter) => adapter.dispose()));
  }
}

async function instantiateEngine(): Promise<typeof engineBindings> {
  const wasmFile = createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
    .replace(/\.js$/, '.wasm');
  const { instance } = await WebAssembly.instantiate(await readFile(wasmFile), {
    './schema_engine_bg.js': engineBindings,
  });
  const bindings = engineBindings as typeof engineBindings & { __wbg_set_wasm(exports: object): void };
  bindings.__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start(): void }).__wbindgen_start();
  return bindings;
}
