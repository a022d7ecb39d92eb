import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { meQuery } from '~/api/queries';
import { addUploads, pictureFiles } from '~/api/uploads';
import { isTextField } from '~/lib/commands';
import { useT } from '~/lib/i18n';
import { showToast } from '~/ui/toast';

/** Pages that take files themselves: as references, or where they are looked at. */
const takers = /^\/(generate|library)(\/|$)/;

/**
 * Pictures dropped or pasted on any other page go to the library. A file that nobody takes must not
 * lead the browser away from the page either.
 */
export function useFiles() {
  const t = useT();
  const navigate = useNavigate();
  const { data: me } = useQuery(meQuery);
  const canWrite = me !== undefined && me.role !== 'viewer';
  useEffect(() => {
    const take = (files: File[]) => {
      addUploads(files);
      showToast(t('common.drop.title', { count: files.length }));
      void navigate({ to: '/library' });
    };
    const onOver = (event: DragEvent) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      if (!canWrite) event.dataTransfer.dropEffect = 'none';
    };
    const onDrop = (event: DragEvent) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      const files = pictureFiles(event.dataTransfer);
      if (!canWrite) return;
      if (files.length > 0) take(files);
      else showToast(t('common.drop.none'), { tone: 'bad' });
    };
    const onPaste = (event: ClipboardEvent) => {
      if (!canWrite || event.defaultPrevented || takers.test(location.pathname)) return;
      const files = pictureFiles(event.clipboardData);
      if (files.length > 0 && !isTextField(event.target)) take(files);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('drop', onDrop);
    window.addEventListener('paste', onPaste);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('drop', onDrop);
      window.removeEventListener('paste', onPaste);
    };
  }, [t, navigate, canWrite]);
}
