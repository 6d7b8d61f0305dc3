import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

/** Assets beside their compressed selves: the server sends what there is, and compresses nothing while it runs. */
const compressed = {
  name: 'compressed',
  writeBundle({ dir }) {
    const assets = join(dir, 'assets');
    for (const file of readdirSync(assets))
      writeFileSync(join(assets, `${file}.gz`), gzipSync(readFileSync(join(assets, file)), { level: 9 }));
  },
};

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * `npm run build` puts the page beside the server's own output; `npm run dashboard` serves it with changes as they
 * come.
 */
export default defineConfig({
  root,
  base: './',
  plugins: [compressed],
  build: {
    outDir: '../../../dist/dashboard/app',
    emptyOutDir: true,
    target: 'es2022',
    // The page's CSP knows files of its own origin only: no data: fonts or scripts, no inline polyfill.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 5173, proxy: { '/v1': process.env.SWITCHBOARD_URL ?? 'http://127.0.0.1:3000' } },
});
