import { defineConfig } from 'vite';

export default defineConfig({
  root: `${import.meta.dirname}/page`,
  logLevel: 'warn',
  resolve: { alias: { 'signway/client': `${import.meta.dirname}/../client/index.ts` } },
  build: {
    outDir: `${import.meta.dirname}/dist`,
    emptyOutDir: true,
    target: 'es2023',
    // The Content-Security-Policy allows no inline script, and one small page needs no preloading.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
