/** The rules of the house that a compiler does not hold: who may import whom, and what stands in one place only. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../../src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.includes('generated'))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

const FOUNDATIONS = ['config', 'common', 'http', 'database', 'bus', 'audit'];
/** What each room may import besides itself. The root files (app, main) may import everything; nobody imports them. */
const MAY_IMPORT: Record<string, string[]> = {
  config: ['common'],
  common: ['database'],
  http: ['common'],
  database: ['common', 'config'],
  bus: ['common', 'config', 'database'],
  audit: ['common', 'database'],
  cli: ['common'],
  auth: FOUNDATIONS,
  contract: ['common', 'auth'],
  tenants: [...FOUNDATIONS, 'auth'],
  agents: [...FOUNDATIONS, 'auth'],
  events: [...FOUNDATIONS, 'auth', 'agents'],
  readers: [...FOUNDATIONS, 'events'],
  rules: [...FOUNDATIONS, 'auth', 'agents', 'events', 'readers', 'calls'],
  sources: [...FOUNDATIONS, 'auth', 'agents', 'events'],
  calls: [...FOUNDATIONS, 'auth', 'agents', 'events'],
  webhooks: [...FOUNDATIONS, 'auth', 'agents', 'events', 'calls', 'readers'],
  desk: [...FOUNDATIONS, 'auth', 'events', 'sources', 'calls'],
  health: [...FOUNDATIONS, 'auth', 'tenants', 'events', 'sources', 'calls'],
  retention: [...FOUNDATIONS, 'tenants', 'events', 'calls'],
  admin: [...FOUNDATIONS, 'auth', 'tenants', 'agents', 'events', 'sources', 'calls', 'webhooks', 'desk'],
  demo: [...FOUNDATIONS, 'auth', 'tenants', 'agents', 'sources'],
  dashboard: [...FOUNDATIONS, 'calls'],
};

/** Pure parts of webhooks by which `listen` sends what a webhook would be sent. */
const ALSO_IN_A_SHELL = ['delivery-body', 'retry-schedule', 'signature'].map((name) => `webhooks/${name}.js`);

/** Runs in the browser, too. */
const SHARED = files
  .map(({ file }) => file)
  .filter((file) => file.startsWith('calls/fold/'))
  .concat('common/exact-number.ts', 'common/json-shape.ts');

function importsOf({ file, text }: { file: string; text: string }): string[] {
  return ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(root, resolve(root, dirname(file), name)));
}

const roomOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '');

it('rooms import only what lies below them', () => {
  const wrong = files
    .filter(({ file }) => roomOf(file) !== '')
    .flatMap((one) =>
      importsOf(one)
        .filter(
          (target) => roomOf(target) !== roomOf(one.file) && !MAY_IMPORT[roomOf(one.file)]?.includes(roomOf(target)),
        )
        .filter((target) => roomOf(one.file) !== 'cli' || !ALSO_IN_A_SHELL.includes(target))
        .map((target) => `${one.file} → ${target}`),
    );
  expect(wrong).toEqual([]);
});

/** The storeys of a room: each may import those after it. */
const STOREYS: Record<string, string[]> = {
  events: ['streams', 'live', 'log', 'catalogue'],
  calls: ['numbers', 'lists', 'projection', 'search', 'fold'],
};

it('storeys import only what lies below them', () => {
  const storeyOf = (file: string) => STOREYS[roomOf(file)]?.indexOf(file.split('/')[1] ?? '') ?? -1;
  const wrong = files
    .filter(({ file }) => storeyOf(file) >= 0)
    .flatMap((one) =>
      importsOf(one)
        .filter((target) => roomOf(target) === roomOf(one.file) && storeyOf(target) < storeyOf(one.file))
        .map((target) => `${one.file} → ${target}`),
    );
  expect(wrong).toEqual([]);
});

it('the page shares the pure parts of calls/ with the server, and types', () => {
  const wrong = files
    .filter(({ file }) => file.startsWith('dashboard/app/'))
    .flatMap((one) =>
      [...one.text.matchAll(/^(?:import|export) (type )?[^;]*?from '(\.[^']+)';/gms)]
        .map(([, onlyTypes, name]) => ({
          onlyTypes,
          target: relative(root, resolve(root, dirname(one.file), name ?? '')),
        }))
        .filter(({ target }) => !target.startsWith('dashboard/app/'))
        .filter(({ onlyTypes, target }) => onlyTypes === undefined && roomOf(target) !== 'calls')
        .map(({ target }) => `${one.file} → ${target}`),
    );
  expect(wrong).toEqual([]);
});

it('nothing on the page is markup made of text', () => {
  const pattern = /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write/;
  expect(files.filter(({ file, text }) => file.endsWith('.tsx') && pattern.test(text)).map(({ file }) => file)).toEqual(
    [],
  );
});

it('files do not import each other in a circle', () => {
  const known = new Set(files.map(({ file }) => file));
  const sourceOf = (target: string) =>
    target.replace(/\.js$/, known.has(target.replace(/\.js$/, '.tsx')) ? '.tsx' : '.ts');
  const graph = new Map(files.map((one) => [one.file, importsOf(one).map(sourceOf)]));
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] => {
    if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file].join(' → ')];
    if (done.has(file)) return [];
    const circles = (graph.get(file) ?? []).flatMap((target) => visit(target, [...path, file]));
    done.add(file);
    return circles;
  };
  expect([...graph.keys()].flatMap((file) => visit(file, []))).toEqual([]);
});

it.each<[string, RegExp, (file: string) => boolean]>([
  [
    'the environment is read in one place',
    /process\.env/,
    // The page shows examples that read theirs.
    (file) =>
      ['main.ts', 'config/env.ts', 'cli/environment.ts'].includes(file) ||
      ['webhooks/receiver-code.ts', 'tokens/snippets.ts'].some((example) => file === `dashboard/app/${example}`),
  ],
  [
    'connections to PostgreSQL are made in one place, of a URL that is read in one place',
    /new pg\.|class \w+ extends pg\.|connectionString|from 'pg-|readPostgresUrl\(/,
    (file) =>
      ['database-client', 'connections', 'ways'].some((name) => file === `database/${name}.ts`) ||
      ['env', 'secrets', 'variables', 'postgres-url'].some((name) => file === `config/${name}.ts`),
  ],
  [
    'what a module waits for when it stops has a bound',
    /onModuleDestroy\(\)[^}]*await (?!untilStopped\()/,
    () => false,
  ],
  ['nothing is request-scoped or forwarded', /forwardRef|Scope\.REQUEST/, () => false],
  [
    'faults are told apart by code or class, never by words (Redis has nothing else)',
    /\.test\([^)]*\.message|\.message\.(includes|startsWith|endsWith|match)/,
    (file) => file === 'sources/broker/redis-stream-reader.ts',
  ],
  ['controllers never see Prisma', /PrismaService/, (file) => !file.endsWith('.controller.ts')],
  [
    'the log is written by events/log/ only',
    /(INSERT INTO|UPDATE|DELETE FROM) (events|log_head|tenant_heads|call_tenants|log_lineage)\b|append_events\(/,
    (file) => file.startsWith('events/log/'),
  ],
  [
    'the log is read by events/log/ only: others use its fragments, and the bus, which lies below, asks where it is',
    /\b(FROM|JOIN) (events(?! of)|call_tenants|tenant_heads|log_expiry|log_lineage)\b/,
    (file) => file.startsWith('events/log/') || file === 'bus/subjects.ts',
  ],
  [
    'calls are written by their store only',
    /(INSERT INTO|UPDATE|DELETE FROM) (calls|call_parts|projections|quarantined_calls|projection_attempts)\b|\.(call|callPart|projection)\.(create|update|upsert|delete)/,
    (file) =>
      ['call-store', 'call-tables', 'projection-attempts'].some((name) => file === `calls/projection/${name}.ts`),
  ],
  [
    'tenants are written by tenants/ only',
    /\.tenant\.(create|update|upsert|delete)/,
    (file) => file.startsWith('tenants/'),
  ],
  [
    'owners are written by ownership only',
    /\.(agent|ownership)\.(create|update|upsert|delete)|(INSERT INTO|UPDATE|DELETE FROM) (agents|ownerships)\b/,
    (file) => file === 'agents/ownership.ts',
  ],
  [
    'tokens are written by auth/ only',
    /\.token\.(create|update|upsert|delete)|(INSERT INTO|UPDATE|DELETE FROM) tokens\b/,
    (file) => file.startsWith('auth/'),
  ],
  [
    'the audit is written by audit/ only',
    /\.auditEntry\.(create|update|upsert|delete)|INSERT INTO audit\b/,
    (file) => file.startsWith('audit/'),
  ],
  ['the issuer is settled in one place', /tokenIssuer|token_issuer/, (file) => file === 'auth/keys/issuer.ts'],
  ['keys are written by auth/ only', /\.signingKey\.(create|update|upsert|delete)/, (file) => file.startsWith('auth/')],
  [
    'webhooks are written by webhooks/ only',
    /\.webhook\w*\.(create|update|upsert|delete)|(INSERT INTO|UPDATE|DELETE FROM) webhook(s|_\w+)\b/,
    (file) => file.startsWith('webhooks/'),
  ],
  [
    'readers of the log are written by readers/ only',
    /\.(logReader|readerShard)\.(create|update|upsert|delete)|(INSERT INTO|UPDATE|DELETE FROM) (log_readers|reader_shards)\b/,
    (file) => file === 'readers/reader-table.ts',
  ],
  [
    'rules are written by rules/ only',
    /\.rule\.(create|update|upsert|delete)|(INSERT INTO|UPDATE|DELETE FROM) rules\b/,
    (file) => file === 'rules/rules.service.ts',
  ],
  [
    'cursors are written by sources/ only',
    /\.sourceCursor\.(create|update|upsert|delete)/,
    (file) => file.startsWith('sources/'),
  ],
])('%s', (_, pattern, isAllowed) => {
  expect(files.filter(({ file, text }) => pattern.test(text) && !isAllowed(file)).map(({ file }) => file)).toEqual([]);
});

it('what the page shares with the server needs nothing but itself', () => {
  const shared = new Map(files.filter(({ file }) => SHARED.includes(file)).map((one) => [one.file, one]));
  expect([...shared.keys()].sort()).toEqual([...SHARED].sort());
  const foreign = [...shared.values()].flatMap((one) =>
    ts
      .preProcessFile(one.text)
      .importedFiles.map(({ fileName }) => join(dirname(one.file), fileName).replace(/\.js$/, '.ts'))
      .filter((target) => !shared.has(target))
      .map((target) => `${one.file} → ${target}`),
  );
  expect(foreign).toEqual([]);
});

it('the inside of a package is reached into where docs/framework.md says so, and nowhere else', () => {
  const page = readFileSync(resolve(root, '../docs/framework.md'), 'utf8');
  const named = [...page.matchAll(/^\| `src\/([^`]+)`/gm)].map(([, file]) => file);
  const inside =
    /^import (?!type )[^;]*from '(?:@nestjs\/[a-z-]+\/|express\/|pg\/)[^']+'|as unknown as \{ (?:_|connection|send|end|writeHead)|class \w+ extends pg\.|from 'pg-|^import \* as [^;]*schema_engine_bg'|\b_(?:handle|parsedUrl|header|events)\b/m;
  const reaching = files.filter(({ file, text }) => inside.test(text) && !file.startsWith('dashboard/app/'));
  expect(reaching.map(({ file }) => file).filter((file) => !named.includes(file))).toEqual([]);
  expect(named.filter((name) => !files.some(({ file }) => file === name))).toEqual([]);
});

it('there are no barrels', () => {
  expect(files.filter(({ file }) => /(^|\/)index\.ts$/.test(file)).map(({ file }) => file)).toEqual([]);
});

it('a file is small enough to be read at once', () => {
  expect(files.filter(({ text }) => text.split('\n').length > 251).map(({ file }) => file)).toEqual([]);
});

it('a test file has 300 lines at most', () => {
  const folder = resolve(root, '../test');
  const specs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('spec.ts'));
  const long = specs.filter((name) => readFileSync(join(folder, name), 'utf8').split('\n').length > 301);
  expect(long).toEqual(['dashboard/admin.long-spec.ts']);
});
