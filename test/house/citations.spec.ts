/** What comments and pages point to is there: files, pages, their sections and quoted headings, rules by number. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const NOT_OURS = /(^|\/)(node_modules|dist|generated|\.git|\.switchboard|coverage)(\/|$)/;

/** Every file of the repository, by its path in it. */
const paths = filesBelow(root);
const known = new Set(paths);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = relative(root, join(folder, entry.name));
    if (NOT_OURS.test(path)) return [];
    return entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [path];
  });
}

/** Named by comments, and not a file of the repository: what a build or a start makes, what others ship. */
const ELSEWHERE = new Set([
  'dist/main.js',
  'openapi.json',
  'asyncapi.json',
  'jwks.json',
  'postgresql.conf',
  'pg_hba.conf',
  'default.conf',
  'results/NAME.json',
  'Node.js',
  'Next.js',
  'lib/internal/cluster/round_robin_handle.js',
]);

const NAME = /[\w@./-]*[\w-]+\.(?:tsx?|mjs|js|jsx|sql|md|prisma|json|ya?ml|css|conf(?:\.template)?|html|toml)\b/g;
const COMMENTED: Record<string, RegExp> = {
  ts: /(?<=^|\s)\/\/ .*$|(?<=^|\s)\/\*[^]*?\*\//gm,
  sql: /-- .*$/gm,
  hash: /(?<=^|\s)# .*$/gm,
};

interface Said {
  readonly file: string;
  readonly text: string;
}

/** The comments of a file as running text, line by line put together; of a page, all of it. */
function commentsOf(file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  if (file.endsWith('.md')) return text;
  const kind = /\.(tsx?|mjs|jsx?|prisma|css)$/.test(file) ? 'ts' : file.endsWith('.sql') ? 'sql' : 'hash';
  const comments = text.match(COMMENTED[kind] ?? /$^/) ?? [];
  return comments.map((comment) => comment.replace(/\n\s*(\*|\/\/|--|#)?/g, ' ')).join('\n');
}

const said: Said[] = paths
  .filter((path) => /^(src|test|scripts|docs|bench|examples|prisma|deploy|\.ci)\/|^[^/]+$/.test(path))
  .filter((path) => !/results\/|^test\/fixtures\/|^package-lock|\.(png|svg|json|jsonl|sse)$/.test(path))
  .map((file) => ({ file, text: commentsOf(file).replace(/https?:\/\/[^\s)`'"]+/g, '') }));
const pages = said.filter(({ file }) => file.endsWith('.md'));

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const headings = (path: string) => [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);

/** A path is named in full, from where it is named, or by its end. */
function find(name: string, from: string): string | undefined {
  const clean = name.replace(/^(\.\.?\/)+/, '').replace(/^\//, '');
  const near = relative(root, resolve(root, dirname(from), name));
  const variants = [near, clean].flatMap((one) => [one, one.replace(/\.js$/, '.ts'), one.replace(/\.js$/, '.tsx')]);
  return (
    variants.find((one) => known.has(one)) ??
    paths.find((path) => variants.slice(3).some((one) => path.endsWith(`/${one}`)))
  );
}

it('a file that a comment or a page names is in this repository', () => {
  // A migration that was released never changes; what it names may have moved since.
  const missing = said
    .filter(({ file }) => !file.startsWith('prisma/migrations/'))
    .flatMap(({ file, text }) =>
      [...text.matchAll(NAME)]
        .map(([name]) => name)
        .filter((name) => !ELSEWHERE.has(name.replace(/^.*well-known\/|^[./]+/, '')) && find(name, file) === undefined)
        .map((name) => `${file}: ${name}`),
    );
  expect(said.length).toBeGreaterThan(300);
  expect(missing).toEqual([]);
});

it('a link of a page leads to a file, and to a heading of it', () => {
  const anchorOf = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  const broken = pages.flatMap(({ file, text }) =>
    [...text.matchAll(/\]\(([^)\s#]*)(?:#([^)\s]+))?\)/g)]
      .filter(([, path = '', anchor]) => {
        const target = path === '' ? file : relative(root, resolve(root, dirname(file), path));
        if (path !== '' && !statSync(join(root, target), { throwIfNoEntry: false })) return true;
        return anchor !== undefined && !headings(target).map(anchorOf).includes(anchor);
      })
      .map(([link]) => `${file}: ${link}`),
  );
  expect(broken).toEqual([]);
});

it('a section, or a heading in quotes, that is named of a page is in it', () => {
  const numbered = (page: string) =>
    headings(page).flatMap((heading) => /^(\d+(?:\.\d+)?)\.? /.exec(heading)?.[1] ?? []);
  const pageOf = (name: string | undefined, file: string) => (name === undefined ? file : (find(name, file) ?? ''));
  const missing = said.flatMap(({ file, text }) => [
    ...[...text.matchAll(/(?:([\w./-]+\.md)`?,\s+)?\bsections?\s+(\d+(?:\.\d+)*(?:(?:,| and| or) \d+(?:\.\d+)*)*)/g)]
      .filter(([, name, sections = '']) => {
        const page = pageOf(name, file);
        const cited = sections.match(/\d+(?:\.\d+)*/g) ?? [];
        return !page.endsWith('.md') || !cited.every((section) => numbered(page).includes(section));
      })
      .map(([citation]) => `${file}: ${citation}`),
    ...[...text.matchAll(/([\w./-]+\.md|\bREADME)`?,\s+"([^"]+)"/g)]
      .filter(([, name = '', heading = '']) => {
        const page = pageOf(name === 'README' ? 'README.md' : name, file);
        return page === '' || !headings(page).includes(heading);
      })
      .map(([citation]) => `${file}: ${citation}`),
  ]);
  expect(missing).toEqual([]);
});

it('a promise that is cited by its number is in README', () => {
  const promises = [...read('README.md').matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => number);
  expect(promises.length).toBeGreaterThan(3);
  const unknown = said.flatMap(({ file, text }) =>
    [...text.matchAll(/\bpromises? (\d+)/g)]
      .filter(([, number]) => !promises.includes(number))
      .map(([citation]) => `${file}: ${citation}`),
  );
  expect(unknown).toEqual([]);
});

it('every variable of the configuration is on a page of docs/', () => {
  const schema = /envSchema = ([^]*?)\n\S/.exec(read('src/config/env.ts'))?.[1] ?? '';
  const variables = [...schema.matchAll(/^ +([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name);
  expect(variables.length).toBeGreaterThan(25);
  const text = pages.filter(({ file }) => file.startsWith('docs/')).map((page) => page.text);
  expect(variables.filter((name) => !text.some((page) => page.includes(`\`${name}\``)))).toEqual([]);
});

it('a rule that is cited by its number is in docs/security-rules.md, and each rule has its tests', () => {
  const rules = [...read('docs/security-rules.md').matchAll(/^(\d+)\. ([^]*?)(?=^\d+\. |^## |$(?![^]))/gm)];
  const numbers = rules.map(([, number]) => Number(number));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const untested = rules.filter(([, , rule = '']) => !/Held by\s+`test\/|no test holds this/.test(rule));
  expect(untested.map(([, number]) => number)).toEqual([]);
  const unknown = said.flatMap(({ file, text }) =>
    [...text.matchAll(/\brules? (\d+(?:(?:, | and | or )\d+)*)/g)]
      .filter(([, list = '']) => !list.split(/\D+/).every((number) => numbers.includes(Number(number))))
      .map(([citation]) => `${file}: ${citation}`),
  );
  expect(unknown).toEqual([]);
});

it('docs/protocol.md has every problem with its status, and a section for every event of the stream’s own', () => {
  const protocol = read('docs/protocol.md');
  const ours = [...read('src/common/problem.ts').matchAll(/^ {2}'?([a-z-]+)'?: \{ status: (\d+)/gm)];
  const documented = [...protocol.matchAll(/^\| `([a-z-]+)` +\| (\d+) +\|/gm)];
  const rows = (matches: RegExpMatchArray[]) => matches.map(([, slug, status]) => `${slug} ${status}`).sort();
  expect(ours.length).toBeGreaterThan(20);
  expect(rows(documented)).toEqual(rows(ours));
  const reserved = /RESERVED = new Set\(\[([^\]]*)\]/.exec(read('src/events/log/event.ts'))?.[1] ?? '';
  const types = [...reserved.matchAll(/'([a-z_.]+\.[a-z_]+|connected)'/g)].map(([, type]) => type);
  expect(types).toContain('stream.closing');
  const sections = headings('docs/protocol.md').filter((heading) => /^5\.\d/.test(heading));
  for (const type of [...types, 'log.gap', 'call.erased'])
    expect(sections).toContainEqual(expect.stringContaining(`\`${type}\``));
});

it('README is one page, and docs/README.md leads to every other', () => {
  const lines = read('README.md').split('\n');
  expect(lines.length).toBeLessThanOrEqual(121);
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
  const contents = read('docs/README.md');
  const others = pages.map(({ file }) => /^docs\/(.+)$/.exec(file)?.[1] ?? 'README.md');
  expect(others.filter((name) => name !== 'README.md' && !contents.includes(`](${name})`))).toEqual([]);
});
