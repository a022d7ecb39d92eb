import { CircleX, ListX } from 'lucide-react';
import { defineCommands } from '~/lib/commands';

export const queueCommands = defineCommands('queue', {
  cancel: {
    labelKey: 'common.queue.cancelCurrent',
    icon: CircleX,
    scope: 'queue',
    keys: ['Shift+X'],
  },
  clear: {
    labelKey: 'common.queue.clear',
    icon: ListX,
    scope: 'everywhere',
    keys: ['Mod+Shift+X'],
  },
});
