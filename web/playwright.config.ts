import { defineConfig } from '@playwright/test';

/**
 * Against the real binary (VITRINE_BIN) with Debian's Chromium; each worker has a server of its own.  Its build without
 * windows draws and runs a page the same, for two thirds of the processor's time.
 */
export default defineConfig({
  testDir: './e2e',
  outputDir: '../test-results/web',
  snapshotPathTemplate: '{testDir}/references/{arg}{ext}',
  timeout: 90_000,
  expect: { timeout: 15_000 },
  workers: 2, // the reference machine has two cores
  fullyParallel: true,
  forbidOnly: true,
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    locale: 'en',
    screenshot: 'only-on-failure',
    trace: process.env.TRACE ? 'on' : 'off', // it takes a third of the time
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
