import { useId, useRef, useState } from 'react';
import type { Model } from '~/api/types';
import { useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { useEarly } from '~/lib/use-early';
import { Field } from '~/ui/field';
import { SelectButton } from '~/ui/select-button';
import { useModelWords } from './model-words';

const ModelList = late(() => import('./model-list').then((file) => file.ModelList));

/** The model, with its house, its price and how its account does; the others when it is opened. */
export function ModelPicker({
  models,
  model,
  hasReferences,
  onChange,
}: {
  models: Model[];
  model: Model | undefined;
  hasReferences: boolean;
  onChange: (id: string) => void;
}) {
  const t = useT();
  const { price, health } = useModelWords();
  const [state, setState] = useState<'new' | 'open' | 'closed'>('new');
  const listId = useId();
  const button = useRef<HTMLButtonElement>(null);
  useEarly(ModelList.load);
  return (
    <Field
      label={t('generate.model.label')}
      isCustom
      help={model && [model.provider_name, price(model), health(model)].filter(Boolean).join(' · ')}
    >
      <SelectButton
        buttonRef={button}
        isOpen={state === 'open'}
        listId={listId}
        onNear={() => void ModelList.load().catch(() => undefined)}
        onPress={() => setState(state === 'open' ? 'closed' : 'open')}
      >
        {model ? model.label || model.name : t('generate.model.loading')}
      </SelectButton>
      {state !== 'new' && (
        <ModelList
          anchor={button}
          listId={listId}
          isOpen={state === 'open'}
          onClose={() => setState('closed')}
          models={models}
          chosen={model?.id ?? ''}
          hasReferences={hasReferences}
          onChoose={onChange}
        />
      )}
    </Field>
  );
}
