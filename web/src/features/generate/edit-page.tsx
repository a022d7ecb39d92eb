import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useCanGoBack, useNavigate, useRouter } from '@tanstack/react-router';
import {
  Brush,
  CircleAlert,
  Contrast,
  Eraser,
  Eye,
  KeyRound,
  Lasso,
  Redo2,
  Sparkles,
  SquareDashed,
  Trash2,
  Undo2,
  X,
} from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { errorText } from '~/api/errors';
import { uploadMask } from '~/api/files';
import { productQuery } from '~/api/products';
import { assetQuery, modelsQuery, operationsQuery } from '~/api/queries';
import type { AssetDetail, Model } from '~/api/types';
import { isTextField } from '~/lib/commands';
import { useFormat, useT } from '~/lib/i18n';
import { addStep, type MaskStep, redo, undo } from '~/lib/mask';
import { useCommands } from '~/lib/use-commands';
import { useZoomPan } from '~/lib/use-zoom-pan';
import { useConnection } from '~/live/connection';
import { Button, IconButton } from '~/ui/button';
import { Field, TextArea } from '~/ui/field';
import { LinkButton } from '~/ui/link';
import { useTitle } from '~/ui/page';
import { Segments } from '~/ui/segments';
import { Select } from '~/ui/select';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { useAssetActions, useStart } from './actions';
import { makeMask } from './make-mask';
import { maskCommands } from './mask-commands';
import {
  brushMax,
  brushMin,
  editCounts,
  editRequest,
  type MaskTool,
  maskTools,
  stepBrush,
  takesMasks,
  useEdit,
} from './mask-model';
import { MaskStage } from './mask-stage';
import { groupByProvider, promptLengthMax, seedMax } from './model';
import { useEstimate } from './use-estimate';

const route = getRouteApi('/frame/library/$asset/edit');
const icons = { brush: Brush, eraser: Eraser, rectangle: SquareDashed, lasso: Lasso };

/** A part of a picture is marked and said what becomes of it; the result is a picture of its own. */
export function EditPage() {
  const t = useT();
  const router = useRouter();
  const navigate = useNavigate();
  const canGoBack = useCanGoBack();
  const { asset: id } = route.useParams();
  const asset = useQuery(assetQuery(id));
  const models = useQuery(modelsQuery);
  const { restore } = useAssetActions();
  const head = useRef<HTMLHeadingElement>(null);
  useTitle(t('generate.mask.title'));
  useEffect(() => head.current?.focus({ preventScroll: true }), []);
  const leave = () => {
    if (canGoBack) router.history.back();
    else void navigate({ to: '/library/$asset', params: { asset: id }, replace: true });
  };
  useCommands([{ ...maskCommands.close, run: leave }]);

  const error = asset.error ?? models.error;
  const able = (models.data ?? []).filter((model) => model.is_enabled && takesMasks(model));
  return (
    <section
      aria-label={t('generate.mask.title')}
      className="fade-in fixed inset-0 z-30 flex flex-col bg-canvas"
    >
      <header className="flex h-12 shrink-0 items-center gap-1 border-line border-b bg-surface px-2">
        <IconButton icon={X} label={t('generate.mask.close')} keys="Escape" onClick={leave} />
        <h1
          ref={head}
          tabIndex={-1}
          className="min-w-0 flex-1 truncate px-2 text-13 font-medium outline-none"
        >
          {asset.data?.name
            ? t('generate.mask.titleOf', { name: asset.data.name })
            : t('generate.mask.title')}
        </h1>
      </header>
      {error ? (
        <ErrorState
          error={error}
          onRetry={() => {
            void asset.refetch();
            void models.refetch();
          }}
        />
      ) : !asset.data || !models.data ? (
        <Skeleton className="m-4 flex-1" />
      ) : asset.data.trashed_at ? (
        <EmptyState
          icon={Trash2}
          title={t('generate.mask.trashed')}
          text={t('generate.mask.trashedText')}
        >
          <Button onClick={() => asset.data && restore(asset.data)}>
            {t('generate.slot.restore')}
          </Button>
        </EmptyState>
      ) : able.length === 0 ? (
        <EmptyState
          icon={KeyRound}
          title={t('generate.mask.noModel')}
          text={t('generate.mask.noModelText')}
        >
          <LinkButton to="/settings/providers" look="ink">
            {t('generate.noModels.action')}
          </LinkButton>
        </EmptyState>
      ) : (
        <Editor asset={asset.data} models={able} />
      )}
    </section>
  );
}

function Editor({ asset, models }: { asset: AssetDetail; models: readonly Model[] }) {
  const t = useT();
  const { draft, change } = useEdit(asset.id);
  const [tool, setTool] = useState<MaskTool>('brush');
  const [brush, setBrush] = useState(48);
  const [isHidden, setHidden] = useState(false);
  const { history, feather } = draft;
  const zoom = useZoomPan(
    { width: asset.width_px, height: asset.height_px },
    { pansWithOne: false },
  );

  const put = (step: MaskStep) => change({ history: addStep(history, step) });
  const goBack = () => change({ history: undo(history) });
  const goOn = () => change({ history: redo(history) });
  const free = () => !isTextField(document.activeElement);
  useEffect(() => {
    const onUp = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() === 'z') setHidden(false);
    };
    const show = () => setHidden(false);
    window.addEventListener('keyup', onUp);
    window.addEventListener('blur', show);
    return () => {
      window.removeEventListener('keyup', onUp);
      window.removeEventListener('blur', show);
    };
  }, []);
  const pans = () => tool !== 'rectangle' && zoom.isZoomed;
  useCommands([
    ...maskTools.map((name) => ({ ...maskCommands[name], run: () => setTool(name) })),
    { ...maskCommands.smaller, run: () => setBrush(stepBrush(brush, -1)) },
    { ...maskCommands.larger, run: () => setBrush(stepBrush(brush, 1)) },
    { ...maskCommands.invert, run: () => put({ type: 'invert' }) },
    { ...maskCommands.original, run: () => setHidden(true) },
    { ...maskCommands.undo, when: () => free() && history.steps.length > 0, run: goBack },
    { ...maskCommands.redo, when: () => free() && history.undone.length > 0, run: goOn },
    { ...maskCommands.fit, run: zoom.fit },
    { ...maskCommands.zoomIn, run: () => zoom.zoomBy(1.5) },
    { ...maskCommands.zoomOut, run: () => zoom.zoomBy(1 / 1.5) },
    { ...maskCommands.panLeft, when: pans, run: () => zoom.pan(120, 0) },
    { ...maskCommands.panRight, when: pans, run: () => zoom.pan(-120, 0) },
    { ...maskCommands.panUp, when: pans, run: () => zoom.pan(0, 120) },
    { ...maskCommands.panDown, when: pans, run: () => zoom.pan(0, -120) },
  ]);

  return (
    // Where it is low too, the picture keeps half of the height, and tools and form scroll by.
    <div className="flex min-h-0 flex-1 max-md:flex-col max-md:short:overflow-y-auto">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col max-md:short:shrink-0 max-md:short:flex-none">
        <div
          role="toolbar"
          aria-label={t('generate.mask.tools')}
          className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-line border-b bg-surface px-3 py-1.5 [&>*]:shrink-0 max-md:short:flex-nowrap max-md:short:overflow-x-auto"
        >
          <Segments
            label={t('generate.mask.tool')}
            value={tool}
            onChange={setTool}
            options={maskTools.map((value) => {
              const Icon = icons[value];
              return {
                value,
                name: t(`generate.mask.${value}`),
                label: <Icon size={16} strokeWidth={1.75} aria-hidden />,
              };
            })}
          />
          {(tool === 'brush' || tool === 'eraser') && (
            <Range
              label={t('generate.mask.size')}
              value={brush}
              min={brushMin}
              max={brushMax}
              onChange={setBrush}
            />
          )}
          <Range
            label={t('generate.mask.feather')}
            value={feather}
            min={0}
            max={100}
            onChange={(value) => change({ feather: value })}
          />
          <span className="flex">
            <IconButton
              icon={Undo2}
              label={t('generate.mask.undo')}
              keys="Mod+Z"
              {...(history.steps.length === 0 ? { whyNot: t('generate.mask.noUndo') } : {})}
              onClick={goBack}
            />
            <IconButton
              icon={Redo2}
              label={t('generate.mask.redo')}
              keys="Mod+Shift+Z"
              {...(history.undone.length === 0 ? { whyNot: t('generate.mask.noRedo') } : {})}
              onClick={goOn}
            />
            <IconButton
              icon={Contrast}
              label={t('generate.mask.invert')}
              keys="I"
              onClick={() => put({ type: 'invert' })}
            />
            <IconButton
              icon={Trash2}
              label={t('generate.mask.clear')}
              onClick={() => put({ type: 'clear' })}
            />
            <IconButton
              icon={Eye}
              label={t('generate.mask.original')}
              keys="Z"
              isActive={isHidden}
              aria-pressed={isHidden}
              onClick={() => setHidden(!isHidden)}
            />
          </span>
        </div>
        <MaskStage
          asset={asset}
          zoom={zoom}
          steps={history.steps}
          feather={feather}
          tool={tool}
          brush={brush}
          isHidden={isHidden}
          onStep={put}
        />
      </div>
      <EditForm asset={asset} models={models} />
    </div>
  );
}

function Range({
  label,
  value,
  min,
  max,
  onChange,
}: {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
}) {
  return (
    <div className="flex items-center gap-2 text-12 text-fg-2">
      <span aria-hidden>{label}</span>
      <input
        type="range"
        aria-label={label}
        value={value}
        min={min}
        max={max}
        onChange={(event) => onChange(Number(event.target.value))}
        className="slider w-24 touch:h-11 max-md:w-16"
      />
      <span aria-hidden className="w-7 tabular-nums max-md:hidden">
        {value}
      </span>
    </div>
  );
}

/** What is to become of the marked part, by whom, for how much. */
function EditForm({ asset, models }: { asset: AssetDetail; models: readonly Model[] }) {
  const t = useT();
  const format = useFormat();
  const navigate = useNavigate();
  const { draft, change } = useEdit(asset.id);
  const { data: operations } = useQuery(operationsQuery);
  const isLost = useConnection((state) => state.state === 'lost');
  const start = useStart();
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState('');
  const model =
    models.find((one) => one.id === draft.modelId) ??
    models.find((one) => one.purposes.includes('edit')) ??
    models.find((one) => one.is_default) ??
    models[0];
  // What a picture was made for, its edits are made for too, while that is there.
  const { data: product } = useQuery(productQuery(asset.product_id ?? ''));
  const picture = { id: asset.id, width: asset.width_px, height: asset.height_px };
  const { estimate } = useEstimate(
    model ? editRequest({ ...draft, prompt: draft.prompt || '…' }, model, picture, '', 0) : null,
  );
  const price = !estimate.data
    ? ''
    : !estimate.data.is_known
      ? t('generate.price.unknown')
      : estimate.data.cost_micro === 0
        ? t('generate.price.free')
        : t('generate.price.about', {
            price: format.money(estimate.data.cost_micro, estimate.data.currency),
          });
  const lengthMax = promptLengthMax(operations?.find((one) => one.name === 'image.edit'));
  const whyNot =
    draft.history.steps.length === 0
      ? t('generate.mask.empty')
      : draft.prompt.trim() === ''
        ? t('generate.submit.noPrompt')
        : [...draft.prompt].length > lengthMax
          ? t('generate.submit.longPrompt')
          : isLost
            ? t('common.offline.paid')
            : '';

  const submit = async () => {
    if (!model || whyNot || isSending) return;
    setProblem('');
    setSending(true);
    try {
      const mask = await makeMask(draft.history.steps, picture, draft.feather);
      if (typeof mask === 'string') {
        setProblem(t(`generate.mask.${mask}`));
        return;
      }
      const kept = await uploadMask(mask);
      const seed = Math.floor(Math.random() * (seedMax - draft.count));
      const run = await start.mutateAsync({
        wish: JSON.stringify([kept.id, draft.prompt, draft.count, model.id, asset.id]),
        request: {
          ...editRequest(draft, model, picture, kept.id, seed),
          ...(product ? { product_id: product.id } : {}),
        },
      });
      void navigate({ to: '/generate', search: { run: run.id } });
    } catch (error) {
      setProblem(errorText(error, t));
    } finally {
      setSending(false);
    }
  };
  useCommands([{ ...maskCommands.run, run: () => void submit() }]);

  return (
    <aside
      aria-label={t('generate.mask.form')}
      className="flex w-80 shrink-0 flex-col gap-4 overflow-y-auto border-line border-l bg-surface p-4 max-md:w-full max-md:max-h-[45%] max-md:border-t max-md:border-l-0 max-md:short:max-h-none max-md:short:shrink-0 max-md:short:overflow-visible"
    >
      <Field label={t('generate.mask.prompt')} help={t('generate.mask.promptHelp')}>
        <TextArea
          rows={4}
          value={draft.prompt}
          onChange={(event) => change({ prompt: event.target.value })}
        />
      </Field>
      <Field label={t('generate.model.label')} isCustom help={model?.provider_name}>
        <Select
          value={model?.id ?? null}
          label={t('generate.model.label')}
          onChange={(modelId) => change({ modelId })}
          options={groupByProvider(models).map((one) => ({
            value: one.id,
            label: one.label || one.name,
            detail: one.provider_name,
          }))}
        />
      </Field>
      <Segments
        label={t('generate.mask.count')}
        value={String(draft.count)}
        onChange={(count) => change({ count: Number(count) })}
        options={editCounts.map((count) => ({ value: String(count), label: String(count) }))}
      />
      {problem && (
        <p role="alert" className="flex items-start gap-1.5 text-12 text-bad">
          <CircleAlert size={14} className="mt-px shrink-0" aria-hidden />
          {problem}
        </p>
      )}
      <div className="sticky -bottom-4 -mx-4 mt-auto -mb-4 flex flex-col gap-2 border-line bg-surface px-4 py-3 max-md:flex-row max-md:items-center max-md:border-t max-md:short:static">
        <span aria-live="polite" className="min-h-5 text-14 font-medium tabular-nums max-md:flex-1">
          {price}
        </span>
        <Button
          look="ink"
          height="primary"
          icon={Sparkles}
          isPending={isSending}
          whyNot={whyNot}
          onClick={() => void submit()}
        >
          {t('generate.mask.submit')}
        </Button>
      </div>
    </aside>
  );
}
