// The library with 100,000 pictures in Chromium, measured through the devtools protocol.
//
// usage: VITRINE_BIN=... node perf/library.mjs [PICTURES]      from web/; PICTURES (100000)
//
// Prints a Markdown table: frames a second and script, style and layout a frame while it scrolls at 1,500 and 6,000
// pixels a second, from a jump until pictures are there, and from a click to the next paint.
import { drawnSeconds, median, printTable, signIn, visitHouse } from './house.mjs';

const pictures = Number(process.argv[2] ?? 100_000);
const DAYS = 400;

async function scroll(page, session, speed) {
  const before = await drawnSeconds(session);
  const frames = await page.evaluate(async (pixels) => {
    const element = document.querySelector('[data-library-scroller]');
    const begun = performance.now();
    let last = begun;
    let count = 0;
    while (last - begun < 4000) {
      const now = await new Promise(requestAnimationFrame);
      element.scrollTop += (pixels * (now - last)) / 1000;
      last = now;
      count++;
    }
    return count;
  }, speed);
  return { fps: frames / 4, ms: (((await drawnSeconds(session)) - before) * 1000) / frames };
}

/** From a jump of the scrubber until the first picture in view has its bytes. */
function jump(page, share) {
  return page.evaluate(async (where) => {
    const element = document.querySelector('[data-library-scroller]');
    const box = element.getBoundingClientRect();
    const begun = performance.now();
    element.scrollTop = where * (element.scrollHeight - element.clientHeight);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    while (performance.now() - begun < 10_000) {
      const tiles = [...element.querySelectorAll('[data-tile]')].filter((tile) => {
        const at = tile.getBoundingClientRect();
        return at.top >= box.top && at.bottom <= box.bottom;
      });
      const isThere = (tile) => {
        const image = tile.querySelector('img[srcset]');
        return image?.complete && image.naturalWidth > 0;
      };
      if (tiles.length > 0 && tiles.every(isThere)) break;
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - begun;
  }, share);
}

/** From ticking a picture until that is painted. */
function tick(page) {
  return page.evaluate(async () => {
    const box = document.querySelector('[data-library-scroller]').getBoundingClientRect();
    const tile = [...document.querySelectorAll('[data-tile]')].find(
      (one) => one.getBoundingClientRect().top > box.top,
    );
    const begun = performance.now();
    tile.querySelector('[data-tick]').click();
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - begun;
  });
}

async function measure(page, session) {
  const rows = [];
  for (const speed of [1500, 6000]) {
    const { fps, ms } = await scroll(page, session, speed);
    rows.push([`scroll ${speed.toLocaleString('en')} px/s`, `${fps.toFixed(1)} fps`, '48 fps']);
    rows.push(['script, style and layout a frame', `${ms.toFixed(2)} ms`, '4 ms']);
  }
  const jumps = [];
  for (const share of [0.91, 0.13, 0.57, 0.34, 0.76, 0.05, 0.48])
    jumps.push(await jump(page, share));
  rows.push(['jump until pictures, median of 7', `${median(jumps).toFixed(0)} ms`, '300 ms']);
  const ticks = [];
  for (let turn = 0; turn < 8; turn++) ticks.push(await tick(page));
  rows.push(['tick to paint, median of 8', `${median(ticks).toFixed(0)} ms`, '100 ms']);
  return rows;
}

await visitHouse(pictures, DAYS, async (house, browser) => {
  const { page, session } = await signIn(browser, house);
  await page.goto('/library');
  await page.locator('[data-tile]').first().waitFor();
  printTable(`library of ${pictures.toLocaleString('en')}`, await measure(page, session));
});
