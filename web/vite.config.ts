import { readFileSync } from 'node:fs';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { readGroups } from './scripts/chunks.ts';
import { compileHints, earlyFiles } from './scripts/early.ts';

const server = process.env.VITRINE_SERVER ?? 'http://127.0.0.1:29281';

/** The bundler collects the licences of what is code; the font's is put beside them. */
const fontLicence: Plugin = {
  name: 'font-licence',
  generateBundle() {
    const licence = new URL('./node_modules/@fontsource-variable/inter/LICENSE', import.meta.url);
    this.emitFile({
      type: 'asset',
      fileName: 'licenses-fonts.txt',
      source: readFileSync(licence, 'utf8'),
    });
  },
};

const config: ViteUserConfig = {
  plugins: [react(), tailwindcss(), fontLicence, compileHints, earlyFiles],
  resolve: { alias: { '~': new URL('./src', import.meta.url).pathname } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // the policy allows fonts and pictures from 'self' only
    modulePreload: { polyfill: false }, // it would be an inline script
    cssCodeSplit: false,
    chunkSizeWarningLimit: 600, // scripts/budgets.mjs watches what is loaded first
    license: { fileName: 'licenses.txt' },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: server, changeOrigin: true } } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test-setup.ts'],
  },
};

export default defineConfig(async ({ command, mode }) => {
  if (command !== 'build') return config;
  const groups = await readGroups({ ...config, mode });
  return {
    ...config,
    build: {
      ...config.build,
      rolldownOptions: {
        output: { codeSplitting: { groups: [{ name: (id: string) => groups.get(id) ?? null }] } },
      },
    },
  };
});
