import { describe, expect, it } from 'vitest';
import type { Model } from '~/api/types';
import { free, option } from './model.fixture';
import {
  joinKeyword,
  joinTexts,
  type PromptTool,
  toolRequest,
  writerOf,
  writerParameters,
} from './tool-model';

describe('prompt tools', () => {
  it('ask for one text', () => {
    expect(toolRequest('expand', ' a cup ', [], 'en', ' a cup ', '')).toEqual({
      title: 'a cup',
      priority: 'normal',
      nodes: [{ key: 'text', operation: 'prompt.expand', parameters: { prompt: 'a cup' } }],
    });
    expect(toolRequest('describe', '', ['A'], 'zh-CN', 'x', '').nodes[0]).toMatchObject({
      operation: 'image.describe',
      parameters: { language: 'zh' },
      inputs: { images: ['A'] },
    });
  });

  it('are done by who was chosen, told what that one takes', () => {
    const effort = { ...option, name: 'effort', choices: ['low', 'high'] };
    const other = { ...option, name: 'temperature', type: 'double' as const, choices: [] };
    const of = (id: string, more: Partial<Model>): Model => ({
      ...free,
      id,
      can_write: true,
      can_see: true,
      ...more,
    });
    const house = of('house', { purposes: ['text', 'vision'], write_options: [effort] });
    const blind = of('blind', { can_see: false, write_options: [effort, other] });
    const off = of('off', { is_enabled: false });
    const models = [free, off, blind, house];
    const said = (modelId: string, values = {}, tool: PromptTool = 'expand') =>
      writerParameters(models, { modelId, values }, tool);
    expect(writerOf(models, { modelId: '', values: {} }, 'expand')?.id).toBe('house');
    expect(writerOf(models, { modelId: 'off', values: {} }, 'expand')?.id).toBe('house');
    expect(writerOf([free], { modelId: '', values: {} }, 'expand')).toBeUndefined();
    expect(said('')).toEqual({}); // the house decides when it comes to it
    expect(said('blind')).toEqual({ model: 'blind' });
    expect(said('off')).toEqual({});
    expect(said('blind', {}, 'describe')).toEqual({});
    const values = { 'options.effort': 'high', 'options.temperature': 0 };
    expect(said('blind', values)).toEqual({
      model: 'blind',
      options: { effort: 'high', temperature: 0 },
    });
    // What is told to one goes with its name, so that no other is told it.
    expect(said('', values)).toEqual({ model: 'house', options: { effort: 'high' } });
    expect(
      toolRequest('describe', '', ['A'], 'en', 'x', '', said('blind', values, 'describe')).nodes[0]
        ?.parameters,
    ).toEqual({ language: 'en', model: 'house', options: { effort: 'high' } });
  });

  it('stand below what was written, or alone', () => {
    expect(joinTexts('', 'a cup')).toBe('a cup');
    expect(joinTexts('on wood\n', ' a cup ')).toBe('on wood\na cup');
  });

  it('add a keyword with the comma of its script', () => {
    expect(joinKeyword('', 'cup')).toBe('cup');
    expect(joinKeyword('a mug', 'cup')).toBe('a mug, cup');
    expect(joinKeyword('a mug, ', 'cup')).toBe('a mug, cup');
    expect(joinKeyword('茶杯', '木桌')).toBe('茶杯，木桌');
    expect(joinKeyword('茶杯，', '木桌')).toBe('茶杯，木桌');
  });
});
