import type { Product, ProductChange } from '~/api/types';
import { moveItem } from '~/lib/move-item';

/** What the pages of products decide, without a screen. */

export const photosMax = 16;
export const lengths = { name: 200, sku: 64, category: 120, facts: 10_000 } as const;

/** What is said of a product in words. */
export type Words = Pick<Product, 'name' | 'sku' | 'category' | 'facts'>;
export type WordField = keyof Words;
export const wordFields = ['name', 'sku', 'category', 'facts'] as const;

export const noWords: Words = { name: '', sku: '', category: '', facts: '' };

function wordsOf({ name, sku, category, facts }: Words): Words {
  return { name, sku, category, facts };
}

/** What the server would refuse of a field. */
export function problemOf(field: WordField, words: Words): '' | 'required' | 'too_long' {
  if (field === 'name' && words.name.trim() === '') return 'required';
  return [...words[field].trim()].length > lengths[field] ? 'too_long' : '';
}

/** As it is sent: without space around; facts keep their lines. */
export function trimmed(words: Words): Words {
  return {
    name: words.name.trim(),
    sku: words.sku.trim(),
    category: words.category.trim(),
    facts: words.facts.trim(),
  };
}

/** What was typed differently from what there was: only this is sent. */
export function changesOf(base: Words, typed: Words): ProductChange {
  const next = trimmed(typed);
  const change: ProductChange = {};
  for (const field of wordFields) if (next[field] !== base[field]) change[field] = next[field];
  return change;
}

/** The fields that both sides changed, to different ends: the person has to choose. */
export function clashesOf(base: Words, typed: Words, theirs: Words): WordField[] {
  const mine = changesOf(base, typed);
  return wordFields.filter(
    (field) =>
      mine[field] !== undefined && theirs[field] !== base[field] && mine[field] !== theirs[field],
  );
}

/** What stands in the form when the product was changed elsewhere: what was typed is kept. */
export function merged(base: Words, typed: Words, theirs: Words): Words {
  const mine = changesOf(base, typed);
  const next = wordsOf(theirs);
  for (const field of wordFields) if (mine[field] !== undefined) next[field] = typed[field];
  return next;
}

/** More photos behind those there are, each once, as many as there is room for. */
export function withPhotos(ids: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...ids, ...more])].slice(0, photosMax);
}

/** Where a key puts a photo; null: it is none of ours, or leads nowhere. */
export function movedByKey(ids: readonly string[], id: string, key: string): string[] | null {
  const at = ids.indexOf(id);
  const to =
    key === 'ArrowLeft' || key === 'ArrowUp'
      ? at - 1
      : key === 'ArrowRight' || key === 'ArrowDown'
        ? at + 1
        : key === 'Home'
          ? 0
          : key === 'End'
            ? ids.length - 1
            : -1;
  if (at < 0 || to < 0 || to >= ids.length || to === at) return null;
  return moveItem(ids, at, to);
}

/** A form over a product: what it began with, what stands in it now, and what others wrote meanwhile. */
export interface Form {
  version: number;
  base: Words;
  typed: Words;
  /** of the fields that both sides changed what the other says */
  theirs: Partial<Words>;
}

export function formOf(product: Words & Pick<Product, 'version'>): Form {
  const words = wordsOf(product);
  return { version: product.version, base: words, typed: words, theirs: {} };
}

export function isDirty({ base, typed }: Pick<Form, 'base' | 'typed'>): boolean {
  return Object.keys(changesOf(base, typed)).length > 0;
}

/** The product came anew: what was not touched follows it, what was typed stays, and both sides are told. */
export function adopt(form: Form, product: Words & Pick<Product, 'version'>): Form {
  if (product.version === form.version) return form;
  const theirs: Partial<Words> = {};
  const mine = changesOf(form.base, form.typed);
  const clashing = clashesOf(form.base, form.typed, product);
  for (const field of wordFields) {
    const isOpen = form.theirs[field] !== undefined && mine[field] !== undefined;
    const isOther = mine[field] !== product[field];
    if ((isOpen && isOther) || clashing.includes(field)) theirs[field] = product[field];
  }
  return {
    version: product.version,
    base: wordsOf(product),
    typed: merged(form.base, form.typed, product),
    theirs,
  };
}

export function typeInto(form: Form, field: WordField, value: string): Form {
  return { ...form, typed: { ...form.typed, [field]: value } };
}

/** What the other side wrote is taken. */
export function takeTheirs(form: Form, field: WordField): Form {
  const { [field]: value, ...theirs } = form.theirs;
  return { ...typeInto(form, field, value ?? form.base[field]), theirs };
}
