import clsx from 'clsx';
import { Copy } from 'lucide-react';
import { copyText } from '~/lib/clipboard';
import { useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { showToast } from '~/ui/toast';
import type { FieldRow, Operation } from './model';

const looks: Record<string, string> = {
  GET: 'bg-accent-soft text-accent-text',
  POST: 'bg-ok-soft text-ok',
  DELETE: 'bg-bad-soft text-bad',
};

export function MethodMark({ method }: { method: string }) {
  return (
    <span
      className={clsx(
        'inline-block w-14 shrink-0 rounded-4 py-0.5 text-center font-mono text-11 font-semibold',
        looks[method] ?? 'bg-warn-soft text-warn',
      )}
    >
      {method}
    </span>
  );
}

function Rows({ rows, depth = 0 }: { rows: FieldRow[]; depth?: number }) {
  const t = useT();
  return rows.map((row) => (
    <li key={`${row.place}${row.name}`} className="border-line border-t py-2 first:border-t-0">
      <div className="flex flex-wrap items-baseline gap-x-2">
        <code className="font-mono text-13 font-medium">{row.name}</code>
        <span className="min-w-0 break-words font-mono text-12 text-fg-3">{row.type}</span>
        {row.bounds && <span className="text-12 text-fg-3 tabular-nums">{row.bounds}</span>}
        {row.place && <span className="text-12 text-fg-3">{row.place}</span>}
        {row.isRequired && depth >= 0 && (
          <span className="text-12 text-warn">{t('docs.required')}</span>
        )}
      </div>
      {row.description && <p className="text-13 text-fg-2">{row.description}</p>}
      {row.fields.length > 0 && (
        <details className="mt-1">
          <summary className="w-fit cursor-pointer text-12 text-accent-text">
            {row.fields.map((field) => field.name).join(', ')}
          </summary>
          <ul className="mt-1 border-line border-l-2 pl-3">
            <Rows rows={row.fields} depth={depth} />
          </ul>
        </details>
      )}
    </li>
  ));
}

function Fields({
  name,
  note,
  rows,
  isReply,
}: {
  name: 'parameters' | 'body' | 'reply';
  note?: string;
  rows: FieldRow[];
  isReply?: boolean;
}) {
  const t = useT();
  if (rows.length === 0 && !note) return null;
  return (
    <section className="mt-4">
      <h4 className="flex items-baseline gap-2 text-12 font-semibold text-fg-3">
        {t(`docs.${name}`)}
        {note && <span className="font-mono font-normal">{note}</span>}
      </h4>
      {rows.length > 0 && (
        <ul className="mt-1 rounded-8 bg-surface px-3 outline outline-line">
          {/* A reply has all its fields: there "required" says nothing. */}
          <Rows rows={rows} depth={isReply ? -1 : 0} />
        </ul>
      )}
    </section>
  );
}

export function Code({ text }: { text: string }) {
  const t = useT();
  const copy = async () => {
    if (await copyText(text)) showToast(t('common.copied'));
  };
  return (
    <div className="relative mt-1 rounded-8 bg-surface-2 outline outline-line">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <pre tabIndex={0} className="overflow-x-auto rounded-8 py-2 pr-12 pl-3 font-mono text-12">
        {text}
      </pre>
      <div className="absolute top-1 right-1">
        <IconButton icon={Copy} label={t('docs.copy')} onClick={() => void copy()} />
      </div>
    </div>
  );
}

export function OperationSection({ operation }: { operation: Operation }) {
  const t = useT();
  return (
    <article id={operation.id} className="scroll-mt-4 border-line border-t py-6">
      <h3 className="flex flex-wrap items-center gap-2">
        <MethodMark method={operation.method} />
        <a href={`#${operation.id}`} className="break-all font-mono text-14 hover:underline">
          {operation.path}
        </a>
        {operation.isPublic && <span className="text-12 text-fg-3">{t('docs.public')}</span>}
      </h3>
      <p className="mt-2 text-14">{operation.summary}</p>
      {operation.description && <p className="text-13 text-fg-2">{operation.description}</p>}
      <Fields name="parameters" rows={operation.parameters} />
      <Fields name="body" note={operation.bodyType} rows={operation.body} />
      <Fields name="reply" note={operation.replyType} rows={operation.reply} isReply />
      <section className="mt-4">
        <h4 className="text-12 font-semibold text-fg-3">{t('docs.example')}</h4>
        <Code text={operation.example} />
      </section>
    </article>
  );
}
