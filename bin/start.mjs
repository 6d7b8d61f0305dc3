// The server, as `npm start` runs it (and pnpm, and yarn, which knows no "prestart"). Where it is built: node
// dist/main.js.
import cluster from 'node:cluster';
import { build } from './built.mjs';

if (cluster.isPrimary) build();
await import('../dist/main.js');
