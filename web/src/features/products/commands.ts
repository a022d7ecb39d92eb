import { ImagePlus, Plus, Search, Sparkles } from 'lucide-react';
import { defineCommands } from '~/lib/commands';

export const productCommands = defineCommands('products', {
  search: { labelKey: 'products.search', icon: Search, scope: 'products', keys: ['/'] },
  add: { labelKey: 'products.add', icon: Plus, scope: 'products', keys: ['N'] },
  upload: { labelKey: 'products.photos.upload', icon: ImagePlus, scope: 'products', keys: ['U'] },
  make: { labelKey: 'products.make', icon: Sparkles, scope: 'products', keys: ['M'] },
});
