import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import { createQueryClient } from '~/api/queries';
import { TipProvider } from '~/ui/tip';
import { ToastRegion } from '~/ui/toast';
import { createAppRouter } from './router';

export function App() {
  const [client] = useState(createQueryClient);
  const [router] = useState(() => createAppRouter(client));
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <TipProvider>
          <ToastRegion>
            <RouterProvider router={router} />
          </ToastRegion>
        </TipProvider>
      </QueryClientProvider>
    </CSPProvider>
  );
}
