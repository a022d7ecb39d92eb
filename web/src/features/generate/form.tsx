import { lazy, memo, type RefObject, Suspense } from 'react';
import type { Model, Operation } from '~/api/types';
import { useT } from '~/lib/i18n';
import { findVariables } from '~/lib/variables';
import { Field, TextArea } from '~/ui/field';
import { Segments } from '~/ui/segments';
import { Skeleton } from '~/ui/states';
import { counts, type Draft, isOffered, promptLengthMax, type Size } from './model';
import { ModelPicker } from './model-picker';
import { MoreFields } from './more-fields';
import { PresetMenu } from './preset-menu';
import { PromptBox } from './prompt-box';
import type { PromptTools } from './prompt-tools';
import { References } from './references';
import { SizePicker } from './size-picker';
import { ToolBar } from './tool-bar';

const VariableFields = lazy(() =>
  import('./variable-fields').then((file) => ({ default: file.VariableFields })),
);

/** The left column: what is wanted, drawn from the operation and the model's capabilities; not anew for an event. */
export const Form = memo(function Form({
  draft,
  wantedSize,
  change,
  models,
  model,
  operation,
  isKnown,
  tools,
  expanding,
  promptRef,
  onFiles,
  onPick,
}: {
  draft: Draft;
  wantedSize: Size | null;
  change: (change: Partial<Draft>) => void;
  models: Model[];
  model: Model | undefined;
  operation: Operation | undefined;
  /** whether models and operations were read: what they want is drawn at once, not one below the other */
  isKnown: boolean;
  tools: PromptTools;
  expanding: Operation | undefined;
  promptRef: RefObject<HTMLTextAreaElement | null>;
  onFiles: (files: File[]) => void;
  onPick: () => void;
}) {
  const t = useT();
  const negative = operation?.parameters.find((one) => one.name === 'negative_prompt');
  return (
    <div className="flex flex-col gap-4">
      <PresetMenu draft={draft} models={models} model={model} operation={operation} />
      <PromptBox
        value={draft.prompt}
        onChange={(prompt) => change({ prompt })}
        boxRef={promptRef}
        lengthMax={promptLengthMax(operation)}
      />
      {isKnown ? (
        <>
          <ToolBar
            tools={tools}
            expanding={expanding}
            prompt={draft.prompt}
            references={draft.references}
          />
          <Suspense>
            {findVariables(draft.prompt).length > 0 && (
              <VariableFields draft={draft} change={change} />
            )}
          </Suspense>
          {negative && model && isOffered(negative, model) && (
            <Field label={t('generate.negative.label')}>
              <TextArea
                rows={2}
                value={draft.negativePrompt}
                placeholder={t('generate.negative.placeholder')}
                onChange={(event) => change({ negativePrompt: event.target.value })}
              />
            </Field>
          )}
          <References
            ids={draft.references}
            onChange={(references) => change({ references })}
            model={model}
            onFiles={onFiles}
            onPick={onPick}
          />
          <ModelPicker
            models={models}
            model={model}
            hasReferences={draft.references.length > 0}
            onChange={(modelId) => change({ modelId })}
          />
          {model && (
            <SizePicker
              size={draft.size}
              wanted={wantedSize}
              model={model}
              onChange={(size) => change({ size })}
            />
          )}
          <Field label={t('generate.count.label')} isCustom>
            <Segments
              label={t('generate.count.label')}
              value={String(draft.count)}
              onChange={(count) => change({ count: Number(count) })}
              options={counts.map((count) => ({ value: String(count), label: count }))}
            />
          </Field>
          {operation && model && <MoreFields operation={operation} model={model} draft={draft} />}
        </>
      ) : (
        <FormRoom />
      )}
    </div>
  );
});

function FormRoom() {
  return (
    <>
      <Skeleton className="h-7 w-1/2 max-md:h-11" />
      <Skeleton className="h-22" />
      <Skeleton className="h-14" />
      <Skeleton className="h-40" />
    </>
  );
}
