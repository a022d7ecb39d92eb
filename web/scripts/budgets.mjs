// Builds in memory and measures, in brotli, what a browser loads first and what each route adds.
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'vite';

// Generate and settings are above the 25 KB of other routes: they are made of the kit's selects,
// number fields and toggles; Generate watches its prompt tools besides, whatever is on screen.
const budgets = {
  first: 175,
  frame: 40,
  css: 12,
  fonts: 50,
  // A cold load of a route with the frame: what always comes together is one file (chunks.ts).
  files: 22,
  routes: { library: 40, queue: 35, generate: 48, settings: 35, other: 25 },
};

const size = (data) =>
  brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length / 1000;

const { output } = await build({ logLevel: 'error', build: { write: false } });
const chunks = new Map(
  output.filter((file) => file.type === 'chunk').map((chunk) => [chunk.fileName, chunk]),
);

/** A chunk and all it imports at once. */
function closure(names, into = new Set()) {
  for (const name of names) {
    if (into.has(name) || !chunks.has(name)) continue;
    into.add(name);
    closure(chunks.get(name).imports, into);
  }
  return into;
}
const kilobytes = (names) => [...names].reduce((sum, name) => sum + size(chunks.get(name).code), 0);

const entry = [...chunks.values()].find((chunk) => chunk.isEntry);
const isText = (chunk, bundle) => chunk.facadeModuleId?.endsWith(`locales/en/${bundle}.json`);
const texts = [...chunks.values()].filter(
  (chunk) => isText(chunk, 'common') || isText(chunk, 'errors'),
);
const first = closure([entry.fileName, ...texts.map((chunk) => chunk.fileName)]);
// The frame brings these by itself right after the first paint; no route pays for them.
const lazyFrame = [...chunks.values()].filter((chunk) =>
  /(app\/(top-menus|running-pill)|ui\/toast-region)\.tsx$/.test(chunk.facadeModuleId ?? ''),
);
const frame = closure([...first, ...lazyFrame.map((chunk) => chunk.fileName)]);
const rows = [['first load', kilobytes(first), budgets.first]];
const assets = (pattern) =>
  output
    .filter((file) => file.type === 'asset' && pattern.test(file.fileName))
    .reduce((sum, file) => sum + size(file.source), 0);
rows.push([
  'frame, after it',
  kilobytes([...frame].filter((name) => !first.has(name))),
  budgets.frame,
]);
rows.push(['css', assets(/\.css$/), budgets.css], ['fonts', assets(/\.woff2$/), budgets.fonts]);
const router = [...chunks.values()].find((chunk) =>
  Object.keys(chunk.modules).some((name) => name.endsWith('app/router.tsx')),
);
for (const name of router.dynamicImports) {
  const chunk = chunks.get(name);
  const route = /features\/(\w+)\/([\w-]+)\.tsx$/.exec(chunk?.facadeModuleId ?? '');
  if (!route) continue;
  const own = [...closure([name])].filter((one) => !frame.has(one));
  rows.push([
    `${route[1]}/${route[2]}`,
    kilobytes(own),
    budgets.routes[route[1]] ?? budgets.routes.other,
    frame.size + own.length,
  ]);
}

for (const [name, is, most, files = 0] of rows) {
  const isOver = is > most || files > budgets.files;
  const asked = files > 0 ? `, ${files} files of ${budgets.files}` : '';
  console.log(
    `${name.padEnd(24)} ${is.toFixed(1).padStart(7)} KB of ${most}${asked} ${isOver ? 'OVER' : 'ok'}`,
  );
  if (isOver) process.exitCode = 1;
}
