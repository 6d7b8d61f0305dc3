/**
 * "npm run contract": writes the published contract from the built server: docs/openapi.json, docs/asyncapi.json and
 * docs/events.md. If a change would break clients, it is named and nothing is written, unless `--breaking` confirms it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { asyncApiBreaks, openApiBreaks } from './compatibility.mjs';
import { eventsPage } from './events-page.mjs';

const inDocs = (name) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const FILES = { openApi: inDocs('openapi.json'), asyncApi: inDocs('asyncapi.json'), events: inDocs('events.md') };
const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);

/** The app is assembled but never started: no database is needed. */
async function documents() {
  const load = (name) => import(`../../dist/${name}.js`);
  const [{ createApp }, { readEnv }, { openApiOf }, { asyncApiOf }, { describedEventTypes }] = await Promise.all(
    ['app.setup', 'config/env', 'contract/openapi', 'events/catalogue/asyncapi', 'events/catalogue/catalogue'].map(
      load,
    ),
  );
  const env = readEnv({ SOURCES: 'none', PUBLIC_URL: 'http://127.0.0.1:3000' });
  const app = await createApp(env, 'postgres://nobody@127.0.0.1:1/none', { logger: false, preview: true });
  const openApi = openApiOf(app, '', 'switchboard_session');
  return { openApi, asyncApi: asyncApiOf('http://127.0.0.1:3000/'), eventTypes: describedEventTypes() };
}

const { openApi, asyncApi, eventTypes } = await documents();

const published = { openApi: read(FILES.openApi), asyncApi: read(FILES.asyncApi) };
const breaks = [
  ...(published.openApi ? openApiBreaks(published.openApi, openApi) : []),
  ...(published.asyncApi ? asyncApiBreaks(published.asyncApi, asyncApi) : []),
];
for (const one of breaks) console.log(one);
if (breaks.length > 0 && !process.argv.includes('--breaking')) {
  console.error('This breaks clients: nothing was written. "npm run contract -- --breaking" writes it all the same.');
  process.exit(1);
}
const page = await format(eventsPage(eventTypes), { ...(await resolveConfig(FILES.events)), parser: 'markdown' });
writeFileSync(FILES.openApi, `${JSON.stringify(openApi, null, 1)}\n`);
writeFileSync(FILES.asyncApi, `${JSON.stringify(asyncApi, null, 1)}\n`);
writeFileSync(FILES.events, page);
process.exit(0);
