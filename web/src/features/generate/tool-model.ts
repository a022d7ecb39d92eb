import type { Model, RunRequest } from '~/api/types';
import { type Draft, optionsOf } from './model';

/** What the tools under the prompt decide, without a screen. */

export type PromptTool = 'expand' | 'describe';

/** Who writes: a model that was chosen (empty: the default), and what it is told, by `options.NAME`. */
export interface Writer {
  modelId: string;
  values: Draft['values'];
}

/** The one that is asked: the chosen one if it can, else the default for it. */
export function writerOf(
  models: readonly Model[],
  { modelId }: Writer,
  tool: PromptTool,
): Model | undefined {
  const able = models.filter(
    (one) => one.is_enabled && one.can_write && (tool === 'expand' || one.can_see),
  );
  const purpose = tool === 'expand' ? 'text' : 'vision';
  return (
    able.find((one) => one.id === modelId) ??
    able.find((one) => one.purposes.includes(purpose)) ??
    able[0]
  );
}

/** What a tool says of its model: nothing when neither it nor an option was chosen. */
export function writerParameters(
  models: readonly Model[],
  writer: Writer,
  tool: PromptTool,
): Record<string, unknown> {
  const model = writerOf(models, writer, tool);
  const options = model && optionsOf(writer.values, model.write_options);
  if (!model || (!options && model.id !== writer.modelId)) return {};
  return { model: model.id, ...(options ? { options } : {}) };
}

/** A run of one text: a better prompt, or what pictures show, in the page's language. */
export function toolRequest(
  tool: PromptTool,
  prompt: string,
  pictures: readonly string[],
  language: string,
  title: string,
  product: string,
  written: Record<string, unknown> = {},
): RunRequest {
  return {
    title: title.trim().slice(0, 80),
    priority: 'normal',
    ...(product ? { product_id: product } : {}),
    nodes: [
      tool === 'expand'
        ? {
            key: 'text',
            operation: 'prompt.expand',
            parameters: { prompt: prompt.trim(), ...written },
          }
        : {
            key: 'text',
            operation: 'image.describe',
            parameters: { language: language.startsWith('zh') ? 'zh' : 'en', ...written },
            inputs: { images: [...pictures] },
          },
    ],
  };
}

/** A description stands below what was written before. */
export function joinTexts(before: string, text: string): string {
  return [before.trimEnd(), text.trim()].filter(Boolean).join('\n');
}

/** One more keyword at the end, with the comma of the script it follows. */
export function joinKeyword(prompt: string, word: string): string {
  const text = prompt.trimEnd();
  if (text === '') return word;
  if (/[,，、;；:：]$/.test(text))
    return /[，、；：]$/.test(text) ? text + word : `${text} ${word}`;
  return /\p{Script=Han}$/u.test(text.replace(/[。！？]$/, ''))
    ? `${text}，${word}`
    : `${text}, ${word}`;
}
