// Finds words that are put on the screen, or read out, without t(): biome sees those between tags, this those in
// attributes, in what a component is given, in toasts and announcements, and in either end of a choice.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseSync } from 'vite';

const root = join(import.meta.dirname, '..', 'src');

/** What an element or a component shows or says; the rest are names, classes, ids, kinds. */
const shown =
  /^(title|alt|placeholder|label|text|about|help|note|action|summary|caption|reason|message|unit|head|foot|aria-(label|description|valuetext|roledescription|placeholder|braillelabel)|\w+(Label|Text|Title|Help))$/;

/** Whose arguments are shown or said; of an object among them what is `shown`. */
const says = /^(showToast|announce|useTitle|alert|confirm|prompt|setProblem)$/;

/** The same in every language: the house's name, units, and sizes as providers call them. */
const same = /\b(vitrine|px|GB|MB|KB|RGB|HEX|ID|URL|API)\b/g;

/** A letter alone is a sign (A and B of two pictures, p95), but one of Chinese is a word. */
const isBare = (text) => /\p{L}{2}|\p{Script=Han}/u.test(text.replace(same, ''));

/** "bare: why" in the line above lets one pass: an address, a command to copy. */
const isExcused = (lines, line) => /\bbare: \S/.test(lines[line - 2] ?? '');

const nameOf = (key) => {
  if (!key) return '';
  if (key.type === 'JSXNamespacedName') return `${key.namespace.name}:${key.name.name}`;
  return String(key.name ?? key.value ?? '');
};

/** The words that an expression comes to: of a choice both ends, of a template what stands between its holes. */
function* wordsOf(node) {
  if (!node) return;
  switch (node.type) {
    case 'Literal':
      if (typeof node.value === 'string') yield node;
      break;
    case 'TemplateLiteral':
      yield { start: node.start, value: node.quasis.map(({ value }) => value.cooked).join('…') };
      for (const inner of node.expressions) yield* wordsOf(inner);
      break;
    case 'ConditionalExpression':
      yield* wordsOf(node.consequent);
      yield* wordsOf(node.alternate);
      break;
    case 'LogicalExpression':
      if (node.operator !== '&&') yield* wordsOf(node.left);
      yield* wordsOf(node.right);
      break;
    case 'BinaryExpression':
      if (node.operator !== '+') break;
      yield* wordsOf(node.left);
      yield* wordsOf(node.right);
      break;
    case 'ArrayExpression':
      for (const element of node.elements) yield* wordsOf(element);
      break;
    case 'CallExpression': {
      // ['one', other].filter(Boolean).join(' · ')
      let callee = node.callee;
      while (
        callee?.type === 'MemberExpression' &&
        /^(join|filter)$/.test(nameOf(callee.property))
      ) {
        const { object } = callee;
        if (object.type === 'ArrayExpression') yield* wordsOf(object);
        callee = object.type === 'CallExpression' ? object.callee : null;
      }
      break;
    }
    case 'JSXExpressionContainer':
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'ChainExpression':
      yield* wordsOf(node.expression);
      break;
  }
}

/** Where words could be, each with what they are there. */
function* placesIn(node, parent) {
  if (node.type === 'JSXAttribute' && shown.test(nameOf(node.name))) {
    yield [nameOf(node.name), node.value];
  } else if (
    node.type === 'JSXExpressionContainer' &&
    (parent?.type === 'JSXElement' || parent?.type === 'JSXFragment')
  ) {
    yield ['between tags', node.expression];
  } else if (node.type === 'CallExpression' && says.test(nameOf(node.callee))) {
    for (const argument of node.arguments) yield [`${nameOf(node.callee)}()`, argument];
  } else if (
    node.type === 'Property' &&
    !node.computed &&
    parent?.type === 'ObjectExpression' &&
    nameOf(node.key) !== 'action' && // what the API is asked for
    shown.test(nameOf(node.key))
  ) {
    yield [nameOf(node.key), node.value];
  } else if (
    node.type === 'AssignmentExpression' &&
    node.left.type === 'MemberExpression' &&
    /^(title|ariaLabel|textContent|innerText|placeholder|alt)$/.test(nameOf(node.left.property))
  ) {
    yield [nameOf(node.left.property), node.right];
  }
}

/** The bare words of one file's text: "12: title: Close". */
export function bareStrings(text, file = 'planted.tsx') {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const lines = text.split('\n');
  const found = new Map();
  const visit = (node, parent) => {
    for (const [what, value] of placesIn(node, parent)) {
      for (const { value: words, start } of wordsOf(value)) {
        const line = text.slice(0, start).split('\n').length;
        if (!isBare(words) || isExcused(lines, line)) continue;
        found.set(start, `${line}: ${what}: ${words.trim()}`);
      }
    }
    for (const [key, value] of Object.entries(node)) {
      if (key === 'parent') continue;
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child && typeof child.type === 'string') visit(child, node);
      }
    }
  };
  visit(program, null);
  return [...found.values()];
}

/** Those of the page's own files. */
export function findings(folder = root) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.|\.d\.ts$/.test(name))
    .sort()
    .flatMap((name) => {
      const file = join(folder, name);
      const path = relative(join(root, '..'), file);
      return bareStrings(readFileSync(file, 'utf8'), file).map((one) => `${path}:${one}`);
    });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = findings();
  for (const line of found) console.error(line);
  if (found.length > 0) console.error('\nWords on the screen come from src/locales, by t().');
  process.exitCode = found.length > 0 ? 1 : 0;
}
