import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.VITRINE_SERVER ?? 'http://127.0.0.1:29281';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '~': new URL('./src', import.meta.url).pathname } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // the policy allows fonts and pictures from 'self' only
    modulePreload: { polyfill: false }, // it would be an inline script
    cssCodeSplit: false,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: server, changeOrigin: true } } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test-setup.ts'],
  },
});
