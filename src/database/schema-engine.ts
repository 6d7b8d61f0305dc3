/**
 * Prisma's schema engine, compiled to WebAssembly and installed from the registry; `prisma migrate` would have to
 * download its own. It is loaded only if there is something to migrate: compiling it takes longer than the rest of a
 * start.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as engineBindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import type pg from 'pg';
import { PRISMA_FOLDER } from './migrations.js';
import { connectPool } from './pg-pool.js';
import { schemaOf } from './schema.js';

type SchemaEngine = engineBindings.SchemaEngine;

/** Applies the missing migrations, by the engine's own records, and those that `failed` before. Returns their names. */
export async function applyMigrations(
  databaseUrl: string,
  migrationsList: engineBindings.MigrationList,
  failed: readonly string[] = [],
): Promise<string[]> {
  return withSchemaEngine(databaseUrl, async (engine) => {
    // Each was one transaction, of which nothing is left.
    for (const migrationName of failed) await engine.markMigrationRolledBack({ migrationName });
    const filters = { externalTables: [], externalEnums: [] };
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters });
    return appliedMigrationNames;
  });
}

/**
 * The SQL that makes schema.prisma in an empty database: the next migration is made from it, and a test compares it.
 */
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
  const path = join(PRISMA_FOLDER, 'schema.prisma');
  return { path, content: await readFile(path, 'utf8') };
}

/** The small part of WebAssembly that we call. Its types come with the DOM library, which a server does not use. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: Record<string, unknown>): Promise<{ instance: { exports: object } }>;
};

let engineModule: Promise<typeof engineBindings> | undefined;

async function withSchemaEngine<T>(databaseUrl: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  const bindings = await (engineModule ??= instantiateEngine());
  const schema = await readSchema();
  const factory = new MigrationAdapterFactory(databaseUrl);
  const adapter = bindMigrationAwareSqlAdapterFactory(factory);
  try {
    return await work(
      await bindings.SchemaEngine.new({ datamodels: [[schema.path, schema.content]] }, () => undefined, adapter),
    );
  } catch (error) {
    throw factory.failure ?? error;
  } finally {
    await factory.dispose();
  }
}

/** What the first migration says of a schema, which was settled before (schema.ts); not everybody may say it. */
const CREATE_SCHEMA = 'CREATE SCHEMA IF NOT EXISTS "public";';

/**
 * The stock adapter splits a script at every ";", also within function bodies and comments, and runs the pieces one by
 * one. If it is sent whole, PostgreSQL parses it itself and a migration is one transaction.
 */
class MigrationAdapterFactory extends PrismaPg {
  /** PostgreSQL's answer to the last script, which the engine does not pass on. */
  failure: Error | undefined;
  private readonly pool: pg.Pool;

  constructor(databaseUrl: string) {
    const pool = connectPool(databaseUrl, { name: 'switchboard-migrate', max: 4, statementMs: 0 });
    super(pool, schemaOf(databaseUrl));
    this.pool = pool;
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      try {
        await this.pool.query(script.replace(CREATE_SCHEMA, ''));
      } catch (error) {
        this.failure = error as Error;
        throw error;
      }
    };
    return adapter;
  }

  dispose(): Promise<void> {
    return this.pool.end();
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
