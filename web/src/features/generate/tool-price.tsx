import { useMemo } from 'react';
import type { Model } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { useDraft } from './draft';
import { type PromptTool, toolRequest, writerParameters } from './tool-model';
import { useEstimate } from './use-estimate';

/** What a tool costs as things stand; empty: nothing, or there is nothing to do yet. */
function useToolPrice(models: readonly Model[], tool: PromptTool, pictures: readonly string[]) {
  const t = useT();
  const format = useFormat();
  const { language } = format;
  const writer = useDraft((state) => state.writer);
  const prompt = useDraft((state) => state.draft.prompt.trim());
  const isReady = tool === 'expand' ? prompt !== '' : pictures.length > 0;
  const words = tool === 'expand' ? prompt : '';
  const asked = useMemo(
    () =>
      isReady
        ? toolRequest(
            tool,
            words,
            pictures.slice(0, 1),
            language,
            '',
            '',
            writerParameters(models, writer, tool),
          )
        : null,
    [isReady, tool, words, pictures, language, models, writer],
  );
  const price = useEstimate(asked).estimate.data;
  if (!isReady || !price || (price.is_known && price.cost_micro === 0)) return '';
  return price.is_known
    ? t(`generate.tool.${tool}.price`, { price: format.money(price.cost_micro, price.currency) })
    : t(`generate.tool.${tool}.priceUnknown`);
}

const none: readonly string[] = [];

/** Before it is started: what the tools cost, of a description for one picture. */
export function ToolPrices({
  models,
  references,
}: {
  models: readonly Model[];
  references: readonly string[];
}) {
  const expand = useToolPrice(models, 'expand', none);
  const describe = useToolPrice(models, 'describe', references);
  const told = [expand, describe].filter(Boolean);
  return told.length > 0 && <p className="text-12 text-fg-3">{told.join(' · ')}</p>;
}
