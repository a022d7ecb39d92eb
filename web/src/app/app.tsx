import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { createQueryClient } from '~/api/queries';
import { TipProvider } from '~/ui/tip';
import { createAppRouter } from './router';

const ToastRegion = lazy(() =>
  import('~/ui/toast-region').then((file) => ({ default: file.ToastRegion })),
);

export function App() {
  const [client] = useState(createQueryClient);
  const [router] = useState(() => createAppRouter(client));
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <TipProvider>
          <RouterProvider router={router} />
          <Suspense>
            <ToastRegion />
          </Suspense>
        </TipProvider>
      </QueryClientProvider>
    </CSPProvider>
  );
}
