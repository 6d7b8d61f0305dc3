/**
 * Programs of others read our documents: a client that is generated from them compiles and works, and linters find no
 * error.
 */
import { Parser } from '@asyncapi/parser';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import createClient from 'openapi-fetch';
import openapiTS, { astToString } from 'openapi-typescript';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

const FOLDER = import.meta.dirname;

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start();
});
afterAll(() => board.stop());

/**
 * These files, which are nowhere on the disk, as a compiler sees them beside this one. Returns its complaints, and the
 * JavaScript.
 */
function compile(files: Readonly<Record<string, string>>): { complaints: string[]; emitted: Map<string, string> } {
  const virtual = new Map(Object.entries(files).map(([name, text]) => [resolve(FOLDER, name), text]));
  const options: ts.CompilerOptions = {
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    types: [],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  };
  const host = ts.createCompilerHost(options);
  const onDisk = ts.createCompilerHost(options);
  host.fileExists = (name) => virtual.has(name) || onDisk.fileExists(name);
  host.readFile = (name) => virtual.get(name) ?? onDisk.readFile(name);
  host.getSourceFile = (name, target, ...rest) => {
    const text = virtual.get(name);
    return text === undefined ? onDisk.getSourceFile(name, target, ...rest) : ts.createSourceFile(name, text, target);
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  const emitted = new Map<string, string>();
  program.emit(undefined, (name, text) => emitted.set(name.slice(name.lastIndexOf('/') + 1), text));
  const complaints = ts.getPreEmitDiagnostics(program).map(({ messageText, file, start }) => {
    const line = file ? ts.getLineAndCharacterOfPosition(file, start ?? 0).line + 1 : 0;
    return `${file?.fileName} ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
  return { complaints, emitted };
}

interface Walked {
  readonly url: string;
  readonly [fact: string]: unknown;
}

it('a generated client compiles, and takes a customer from nothing to its live stream', async () => {
  const { text } = await board.request('GET', '/openapi.json');
  const paths = astToString(await openapiTS(text));
  const walk = readFileSync(resolve(FOLDER, '../fixtures/customer-walk.ts.txt'), 'utf8');
  const { complaints, emitted } = compile({ 'paths.ts': paths, 'walk.ts': walk });
  expect(complaints).toEqual([]);
  const script = Buffer.from(emitted.get('walk.js') ?? '').toString('base64');
  const program = (await import(`data:text/javascript;base64,${script}`)) as {
    walk(create: unknown, url: string, token: string, agent: string): Promise<Walked>;
  };
  const agent = fresh('bill');
  const { url, ...facts } = await program.walk(createClient, board.url, board.adminToken, agent);
  expect(facts).toEqual({
    status: 'active',
    added: [agent],
    accepted: 1,
    from: '+34611111111',
    problem: '/problems/call-not-found',
  });
  const reader = await board.open(`${new URL(url).pathname}${new URL(url).search}&after=0`);
  await reader.untilType('call.started');
});

it('a linter of OpenAPI finds no error', async () => {
  const { text } = await board.request('GET', '/openapi.json');
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: text, absoluteRef: 'openapi.json', config });
  const errors = problems.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ message, location }) => `${location[0]?.pointer}: ${message}`)).toEqual([]);
});

it('a parser of AsyncAPI finds no error', async () => {
  const { text } = await board.request('GET', '/asyncapi.json');
  const { document, diagnostics } = await new Parser().parse(text);
  const errors = diagnostics.filter(({ severity }) => Number(severity) === 0);
  expect(errors.map(({ message, path }) => `${path.join('.')}: ${message}`)).toEqual([]);
  const channels = document?.channels().all() ?? [];
  expect(channels.map((channel) => channel.address())).toEqual(expect.arrayContaining(['/v1/events']));
});
