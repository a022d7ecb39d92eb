import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import { createQueryClient } from '~/api/queries';
import { late } from '~/lib/late';
import { Boundary } from '~/ui/boundary';
import { TipProvider } from '~/ui/tip';
import { behindPage } from './lazy-route';
import { createAppRouter } from './router';

const ToastRegion = late(() =>
  behindPage(import('~/ui/toast-region')).then((file) => file.ToastRegion),
);

export function App() {
  const [client] = useState(createQueryClient);
  const [router] = useState(() => createAppRouter(client));
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <TipProvider>
          <RouterProvider router={router} />
          <Boundary isSilent>
            <ToastRegion />
          </Boundary>
        </TipProvider>
      </QueryClientProvider>
    </CSPProvider>
  );
}
