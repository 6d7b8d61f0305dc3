/** The rules of the page's own folders: who may import whom, and what stands in one place only. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const app = resolve(import.meta.dirname, '../../src/dashboard/app');
const all = readdirSync(app, { recursive: true, encoding: 'utf8' });
const files = all
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(app, file), 'utf8') }));

/** From the bottom to the top. A folder may import those before it; folders in one line do not know each other. */
const STOREYS = [
  ['texts'],
  ['common'],
  ['api'],
  ['ui'],
  ['stream'],
  ['session'],
  ['workspace'],
  ['shell'],
  ['calls'],
  ['live', 'overview', 'tokens', 'webhooks', 'events', 'rules', 'audit'],
  ['admin'],
];

const folderOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '');
const storeyOf = (folder: string) => STOREYS.findIndex((names) => names.includes(folder));

it('a folder of the page imports only what lies below it', () => {
  const wrong = files
    .filter(({ file }) => folderOf(file) !== '')
    .flatMap(({ file, text }) =>
      ts
        .preProcessFile(text)
        .importedFiles.map(({ fileName }) => fileName)
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(app, resolve(app, dirname(file), name)))
        // What lies outside of the page is held by the architecture test of all of src/; a view is the customer's whole
        // page.
        .filter((target) => !target.startsWith('..') && !target.startsWith('styles/') && target !== 'customer-app.js')
        .filter((target) => folderOf(target) !== folderOf(file))
        .filter((target) => !(storeyOf(folderOf(target)) < storeyOf(folderOf(file))))
        .map((target) => `${file} → ${target}`),
    );
  expect(wrong).toEqual([]);
});

it('colours, radii and fonts are named in one file', () => {
  const declares = all
    .filter((file) => file.endsWith('.css'))
    .filter((file) => /^\s*--(?!hue)[\w-]+:/m.test(readFileSync(join(app, file), 'utf8')));
  expect(declares).toEqual(['styles/design-tokens.css']);
});
