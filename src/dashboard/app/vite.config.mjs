import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

/** `npm run build` puts the page beside the server's own output; `npm run dashboard` serves it with changes as they come. */
export default defineConfig({
  root,
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
