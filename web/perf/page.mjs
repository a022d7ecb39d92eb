// The page's budgets in Chromium, measured through the devtools protocol against the real binary and its mock.
//
// usage: VITRINE_BIN=... node perf/page.mjs [PART...]      from web/; parts: load idle input live steps heap (all)
//
// Prints a Markdown table of each part.  It is made to run alone on the machine, and takes some seven minutes.
import { startFake } from '../../tests/providers/comfyui.mjs';
import {
  drawnSeconds,
  median,
  metricsOf,
  printTable,
  quantile,
  signIn,
  visitHouse,
} from './house.mjs';

const PICTURES = 3000;
const DAYS = 60;
const PAGES = ['generate', 'library', 'queue', 'settings'];
const SIDE = 64; // px of the pictures of the flood: the machine is to be busy with events and not with drawing
const FLOOD = 8; // pictures of a run, of which one a second begins

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const ms = (value) => `${value.toFixed(0)} ms`;
const percent = (share) => `${(share * 100).toFixed(1)} %`;
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** Runs in the page before anything of it: what the browser tells of paints, shifts and inputs. */
function observe() {
  const seen = { fcp: 0, lcp: 0, shift: 0, slow: [], shown: null };
  let pressedAt = 0;
  const watch = (type, take, more = {}) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
      type,
      buffered: true,
      ...more,
    });
  watch('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint') seen.fcp = startTime;
  });
  watch('largest-contentful-paint', ({ startTime }) => {
    seen.lcp = startTime;
  });
  watch('layout-shift', ({ value, hadRecentInput }) => {
    if (!hadRecentInput) seen.shift += value;
  });
  watch(
    'event',
    ({ interactionId, duration }) => {
      if (interactionId) seen.slow.push(duration);
    },
    { durationThreshold: 16 },
  );
  for (const kind of ['keydown', 'pointerdown']) {
    const note = ({ timeStamp }) => {
      pressedAt ||= timeStamp;
    };
    addEventListener(kind, note, { capture: true });
  }
  /** Milliseconds from the next key or press until a frame is painted in which it is there. */
  seen.next = (isThere) => {
    const armedAt = performance.now();
    pressedAt = 0;
    seen.shown = new Promise((resolve, reject) => {
      const look = () => {
        if (performance.now() - armedAt > 10_000) reject(new Error(`not there: ${isThere}`));
        else if (pressedAt && isThere()) setTimeout(() => resolve(performance.now() - pressedAt));
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  };
  window.seen = seen;
}

/** A window with an empty cache that watches itself; `settle` waits until nothing was asked or came for a while. */
async function openWindow(browser, house) {
  const window = await signIn(browser, house);
  await window.context.addInitScript(observe);
  let lastAt = 0;
  for (const event of ['request', 'requestfinished', 'requestfailed'])
    window.page.on(event, () => {
      lastAt = performance.now();
    });
  const settle = async () => {
    while (performance.now() - lastAt < 1000) await sleep(100);
  };
  await sleep(2000); // the browser draws the frame of a new window with a page of its own: 0.7 s of a core
  return { ...window, settle };
}

// ---- load ----

async function loadCold(browser, house, path, slowness) {
  const { context, page, session, settle } = await openWindow(browser, house);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowness });
  await page.goto(path);
  await settle();
  const { fcp, lcp, shift } = await page.evaluate(() => window.seen);
  await context.close();
  return { fcp, lcp, shift };
}

async function measureLoad(browser, house) {
  const rows = [];
  const shifts = new Map(PAGES.map((name) => [name, 0]));
  const load = async (name, slowness) => {
    const seen = await loadCold(browser, house, `/${name}`, slowness);
    shifts.set(name, Math.max(shifts.get(name), seen.shift));
    return seen;
  };
  for (const [slowness, title, fcpMax, lcpMax] of [
    [1, 'generate, cold', 800, 1200],
    [4, 'generate, cold, CPU 4 × slower', 2000, 3000],
  ]) {
    const seen = [];
    for (let turn = 0; turn < 5; turn++) seen.push(await load('generate', slowness));
    const of = (name) => ms(median(seen.map((one) => one[name])));
    rows.push([`${title}: FCP, median of 5`, of('fcp'), ms(fcpMax)]);
    rows.push([`${title}: LCP, median of 5`, of('lcp'), ms(lcpMax)]);
    for (const name of PAGES.slice(1)) await load(name, slowness);
  }
  const told = [...shifts].map(([name, shift]) => `${name} ${shift.toFixed(3)}`).join(', ');
  rows.push(['layout shift (CLS), worst of the loads', told, '0.02']);
  return rows;
}

// ---- idle ----

/** The devtools of the worker that holds the stream of events. */
async function openWorker(browser) {
  const root = await browser.newBrowserCDPSession();
  const { targetInfos } = await root.send('Target.getTargets');
  const worker = targetInfos.find(({ type }) => type === 'shared_worker');
  if (!worker) throw new Error('no shared worker');
  const { targetId } = worker;
  const { sessionId } = await root.send('Target.attachToTarget', { targetId, flatten: false });
  const waits = new Map();
  const heard = [];
  root.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, method, result } = JSON.parse(message);
    if (id) waits.get(id)?.(result);
    else heard.push(method);
  });
  const send = (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = waits.size + 1;
      waits.set(id, resolve);
      const message = JSON.stringify({ id, method, params });
      root.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
    });
  return { send, heard, close: () => root.detach() };
}

async function measureIdle(browser, house) {
  const rows = [];
  const seconds = 15;
  for (const name of PAGES) {
    const { context, page, session, settle } = await openWindow(browser, house);
    let asked = 0;
    page.on('request', () => asked++);
    await page.goto(`/${name}`);
    await settle();
    await sleep(3000);
    const worker = await openWorker(browser);
    await worker.send('Network.enable');
    asked = 0;
    const before = await metricsOf(session);
    await sleep(seconds * 1000);
    const after = await metricsOf(session);
    const busy = (after.TaskDuration - before.TaskDuration) / seconds;
    asked += worker.heard.filter((method) => method === 'Network.requestWillBeSent').length;
    await worker.close();
    await context.close();
    rows.push([`idle, ${name}: requests in ${seconds} s`, `${asked}`, '0']);
    rows.push([`idle, ${name}: tasks, share of a core`, `${(busy * 100).toFixed(2)} %`, '0.5 %']);
  }
  return rows;
}

// ---- input ----

/** From an input until a frame shows what came of it; `isThere` is a function's text. */
async function time(page, isThere, input) {
  await page.evaluate(`seen.next(${isThere})`);
  await input();
  return page.evaluate('seen.shown');
}

/** Down and up at once: what is counted begins with the first of them. */
async function press(page, target) {
  const box = await target.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await sleep(100);
  return () => Promise.all([page.mouse.down(), page.mouse.up()]);
}

const SENTENCE =
  'A walnut lamp on a desk by the window, warm evening light, long shadows, film grain. ';

async function type(page, letters, pauseMs) {
  const box = page.getByRole('textbox', { name: 'Prompt', exact: true });
  await box.fill('');
  await box.focus();
  const taken = [];
  for (let count = 1; count <= letters; count++) {
    const isThere = `() => document.activeElement.value.length >= ${count}`;
    const letter = SENTENCE[(count - 1) % SENTENCE.length];
    taken.push(await time(page, isThere, () => page.keyboard.press(letter)));
    await sleep(pauseMs);
  }
  return taken;
}

/** Opens it and closes it again by Escape. */
async function openAndClose(page, turns, isThere, makeInput) {
  const taken = [];
  for (let turn = 0; turn < turns; turn++) {
    taken.push(await time(page, isThere, await makeInput(turn)));
    await page.keyboard.press('Escape');
    for (let tries = 0; await page.evaluate(`Boolean((${isThere})())`); tries++) {
      if (tries > 100) throw new Error(`Escape does not close: ${isThere}`);
      await sleep(20);
    }
    await sleep(300);
  }
  return taken;
}

const picture = `document.querySelector('img[src*="variant=preview"]')`;

async function measureInput(browser, house) {
  const rows = [];
  const turns = 8;
  const { context, page, settle } = await openWindow(browser, house);
  const add = (what, taken) =>
    rows.push([
      `${what}: worst, median of ${taken.length}`,
      `${ms(Math.max(...taken))}, ${ms(median(taken))}`,
      '100 ms',
    ]);
  const busy = await startSlow(house);
  await page.goto('/generate');
  await settle();
  add('typing in the prompt', await type(page, 60, 40));
  const sizes = [];
  for (let turn = 0; turn < turns; turn++) {
    const radio = `[role=radiogroup][aria-labelledby=size-label] [role=radio]:nth-of-type(${1 + (turn % 4)})`;
    const input = await press(page, page.locator(radio));
    const isThere = `() => document.querySelector('${radio}').ariaChecked === 'true'`;
    sizes.push(await time(page, isThere, input));
  }
  add('choosing a size', sizes);
  const model = page.getByRole('combobox', { name: 'Model' });
  const list = `() => document.querySelector('[role=listbox]')?.checkVisibility()`;
  add('opening the models', await openAndClose(page, turns, list, () => press(page, model)));
  const palette = `() => document.querySelector('#palette-list')`;
  const keys = () => () => page.keyboard.press('Control+k');
  add('opening the palette', await openAndClose(page, turns, palette, keys));
  const pill = page.locator('header').getByRole('button', { name: /in work$/ });
  const drawer = `() => document.querySelector('[role=dialog] a[href^="/queue/"]')`;
  add('opening the queue', await openAndClose(page, turns, drawer, () => press(page, pill)));
  const slow = await page.evaluate(() => window.seen.slow);
  await house.post(`/runs/${busy}/cancel`);

  await page.goto('/library');
  await page.locator('[data-tile]').first().waitFor();
  await settle();
  const tile = (turn) => press(page, page.locator('[data-open]').nth(turn));
  add(
    'a picture until its pixels',
    await openAndClose(page, turns, `() => ${picture}?.complete`, tile),
  );
  const input = await press(page, page.locator('[data-open]').first());
  await time(page, `() => ${picture}?.complete`, input);
  const steps = [];
  for (let turn = 0; turn < turns; turn++) {
    const before = await page.evaluate(`${picture}.src`);
    const isNext = `() => ${picture}?.complete && ${picture}.src !== '${before}'`;
    steps.push(await time(page, isNext, () => page.keyboard.press('ArrowRight')));
    await sleep(300);
  }
  add('the next picture until its pixels', steps);
  slow.push(...(await page.evaluate(() => window.seen.slow)));
  const worst = slow.length > 0 ? ms(Math.max(...slow)) : 'under 16 ms';
  rows.push(['all of these by event timing, worst', worst, '100 ms']);
  await context.close();
  return rows;
}

// ---- live ----

const account = async (house) =>
  (await house.get('/providers')).items.find(({ kind }) => kind === 'mock');

const SCENE = { prompt: 'a walnut lamp on a desk, warm evening', width: 1024, height: 768 };

/** A run that goes on until it is cancelled. */
async function startSlow(house) {
  await house.mock({ latency_ms: 600_000 });
  const run = await house.run(SCENE, 4);
  for (const task of run.tasks) await house.taskIs(task.id, 'running');
  await house.mock({ latency_ms: 0 });
  return run.id;
}

/** One run a second, until it is told to end. */
function flood(house) {
  let isOver = false;
  const pour = async () => {
    while (!isOver) {
      const next = sleep(1000);
      await house.run(
        { prompt: 'a small lamp', width: SIDE, height: SIDE, partial_images: 1 },
        FLOOD,
      );
      await next;
    }
  };
  const ended = pour();
  return () => {
    isOver = true;
    return ended;
  };
}

/** Seconds of script so far in a profile. */
function scriptSeconds({ nodes, samples, timeDeltas }) {
  const rest = new Set(['(idle)', '(program)', '(root)']);
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const micro = samples.reduce(
    (sum, id, index) => (rest.has(names.get(id)) ? sum : sum + timeDeltas[index]),
    0,
  );
  return micro / 1e6;
}

async function measureLive(browser, house) {
  const seconds = 10;
  await house.mock({ latency_ms: 2000 });
  await house.patch(`/providers/${(await account(house)).id}`, { concurrency: 64 });
  const feed = await house.feed();
  const { context, page, session, settle } = await openWindow(browser, house);
  await page.goto('/generate');
  await settle();
  const stop = flood(house);
  await sleep(4000);
  const worker = await openWorker(browser);
  await worker.send('Profiler.enable');
  await worker.send('Profiler.start');
  const from = feed.events.length;
  const begunAt = performance.now();
  const before = await drawnSeconds(session);
  await sleep(seconds * 1000);
  const drawn = (await drawnSeconds(session)) - before;
  const span = (performance.now() - begunAt) / 1000;
  const { profile } = await worker.send('Profiler.stop');
  await worker.close();
  const came = feed.events.slice(from);
  const progress = came.filter(({ kind }) => kind === 'task.progress').length;

  const typedFrom = [feed.events.length, performance.now()];
  const typed = await type(page, 60, 50);
  const typedRate =
    ((feed.events.length - typedFrom[0]) * 1000) / (performance.now() - typedFrom[1]);
  await stop();
  await context.close();
  feed.close();
  const rate = `${(came.length / span).toFixed(0)} (${(progress / span).toFixed(0)} of progress); ${typedRate.toFixed(0)} while typing`;
  return [
    ['events a second that arrive', rate, '50'],
    ['script, style and layout then, share of a core', percent(drawn / span), '–'],
    ['script of the shared worker then', percent(scriptSeconds(profile) / span), '–'],
    [
      `typing then: worst, p95 of ${typed.length}`,
      `${ms(Math.max(...typed))}, ${ms(quantile(typed, 0.95))}`,
      '100 ms',
    ],
  ];
}

// ---- steps ----

const SERVERS = 24; // of ComfyUI, each with one picture under way
const STEPS = 100;
const STEP_MS = 200;
const NODES = 7; // of the graph that is sent; each has its share of the time

/** Pictures under way that tell of each step, and of nothing else. */
async function measureSteps(browser, house) {
  const seconds = 10;
  const key = 'key-of-comfyui-0123456789';
  const fakes = [];
  for (let index = 0; index < SERVERS; index++) {
    const fake = await startFake({ key });
    const latency_ms = STEP_MS * STEPS * NODES;
    await fetch(`${fake.url}/__control`, { method: 'POST', body: JSON.stringify({ latency_ms }) });
    const { id } = await house.post('/providers', {
      kind: 'comfyui',
      name: `server ${index}`,
      key,
      base_url: fake.url,
      is_private_allowed: true,
      options: {},
    });
    fakes.push({ fake, model: `${id}/txt2img` });
  }
  const feed = await house.feed();
  const { context, page, session, settle } = await openWindow(browser, house);
  await page.goto('/generate');
  await settle();
  const runs = [];
  for (const { model } of fakes) runs.push(await house.run({ ...SCENE, model, steps: STEPS }, 1));
  const told = () =>
    feed.events.filter(({ kind, data }) => kind === 'task.progress' && data.steps > 1);
  while (new Set(told().map(({ data }) => data.id)).size < SERVERS) await sleep(200);
  const from = feed.events.length;
  const begunAt = performance.now();
  const before = await drawnSeconds(session);
  await sleep(seconds * 1000);
  const drawn = (await drawnSeconds(session)) - before;
  const span = (performance.now() - begunAt) / 1000;
  const came = feed.events.length - from;
  for (const { id } of runs) await house.post(`/runs/${id}/cancel`);
  await context.close();
  feed.close();
  for (const { fake } of fakes) await fake.close();
  return [
    ['steps a second that are told', (came / span).toFixed(0), '80'],
    ['script, style and layout then, share of a core', percent(drawn / span), '5 %'],
  ];
}

// ---- heap ----

async function heapOf(session) {
  await session.send('HeapProfiler.collectGarbage');
  return (await metricsOf(session)).JSHeapUsedSize;
}

/** Up and down through the whole library. */
function wander(page, seconds) {
  return page.evaluate(async (length) => {
    const element = document.querySelector('[data-library-scroller]');
    const begun = performance.now();
    let last = begun;
    let way = 1;
    while (last - begun < length) {
      const now = await new Promise(requestAnimationFrame);
      const end = element.scrollHeight - element.clientHeight;
      if (element.scrollTop >= end - 1) way = -1;
      if (element.scrollTop <= 0) way = 1;
      element.scrollTop += way * 2.5 * (now - last);
      last = now;
    }
  }, seconds * 1000);
}

async function visit(page, name) {
  await page.locator(`nav a[href="/${name}"]`).click();
  await page.waitForURL(new RegExp(`/${name}`));
  await page.locator('main h1').first().waitFor({ state: 'attached' });
  await sleep(250);
}

async function measureHeap(browser, house) {
  const { context, page, session, settle } = await openWindow(browser, house);
  await page.goto('/library');
  await page.locator('[data-tile]').first().waitFor();
  for (const name of PAGES) await visit(page, name);
  const heaps = [await heapOf(session)];
  for (let half = 0; half < 2; half++) {
    await visit(page, 'library');
    await page.locator('[data-tile]').first().waitFor();
    await wander(page, 90);
    for (let turn = 0; turn < 10; turn++) for (const name of PAGES) await visit(page, name);
    await settle();
    heaps.push(await heapOf(session));
  }
  await context.close();
  const [begin, middle, end] = heaps;
  return [
    [
      'heap at the beginning, after half and all of 3 min of scrolling and 20 visits to each page',
      `${mib(begin)}, ${mib(middle)}, ${mib(end)}`,
      '150 MB',
    ],
    ['heap at the end to that at half', (end / middle).toFixed(2), '1.10'],
  ];
}

// ---- all of it ----

const PARTS = {
  load: measureLoad,
  idle: measureIdle,
  input: measureInput,
  live: measureLive,
  steps: measureSteps,
  heap: measureHeap,
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
const unknown = wanted.find((name) => !PARTS[name]);
if (unknown)
  throw new Error(`no part is called ${unknown}; they are ${Object.keys(PARTS).join(', ')}`);

await visitHouse(PICTURES, DAYS, async (house, browser) => {
  await house.mock({ latency_ms: 0 });
  for (let count = 0; count < 4; count++) {
    const run = await house.run({ ...SCENE, seed: count * 4 }, 4);
    await house.runEnds(run.id);
  }
  for (const name of wanted) printTable(name, await PARTS[name](browser, house));
});
