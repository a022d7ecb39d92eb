import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { isStatus } from '~/api/errors';
import { meQuery, modelsQuery, operationsQuery, queueQuery, runsQuery } from '~/api/queries';
import { loadTexts } from '~/lib/i18n';
import {
  readCompareSearch,
  readGenerateSearch,
  readLibrarySearch,
  readLoginSearch,
  readQueueSearch,
  readSettingsSearch,
  readWordsSearch,
} from '~/lib/search';
import { startPageOf } from '~/lib/start-page';
import { forAdmins } from './for-admins';
import { Frame } from './frame';
import { lazyRouteComponent } from './lazy-route';
import { NotFound, NothingHere, RouteError } from './route-states';

const rootRoute = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NothingHere,
});

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  validateSearch: readLoginSearch,
  component: lazyRouteComponent(() => import('~/features/auth/login-page'), 'LoginPage', 'auth'),
});

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup/$token',
  component: lazyRouteComponent(() => import('~/features/auth/setup-page'), 'SetupPage', 'auth'),
});

const docsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/docs',
  component: lazyRouteComponent(() => import('~/features/docs/page'), 'DocsPage', 'docs'),
});

const docsErrorsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/docs/errors',
  component: lazyRouteComponent(
    () => import('~/features/docs/errors'),
    'ErrorsPage',
    'docs',
    'causes',
  ),
});

const frameRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'frame',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(meQuery);
      // Before what a page shows: it says from which event on the stream has to tell.
      await context.client.ensureQueryData({ ...queueQuery, retry: false }).catch(() => undefined);
    } catch (error) {
      if (!isStatus(error, 401)) throw error;
      throw redirect({ to: '/login', search: { next: location.href }, replace: true });
    }
  },
  // What a page shows is on its way while its code is: here and below.
  loader: ({ context: { client } }) => void client.prefetchQuery(queueQuery),
  component: Frame,
  notFoundComponent: NotFound,
});

const indexRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/',
  beforeLoad: ({ context }) => {
    const wanted = context.client.getQueryData(meQuery.queryKey)?.start_page;
    throw redirect({ to: startPageOf(wanted), replace: true });
  },
});

const generateRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/generate',
  validateSearch: readGenerateSearch,
  loader: ({ context: { client } }) => {
    void client.prefetchInfiniteQuery(runsQuery('all'));
    void client.prefetchQuery(modelsQuery);
    void client.prefetchQuery(operationsQuery);
  },
  component: lazyRouteComponent(
    () => import('~/features/generate/page'),
    'GeneratePage',
    'generate',
  ),
});

const libraryRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/library',
  validateSearch: readLibrarySearch,
  component: lazyRouteComponent(() => import('~/features/library/page'), 'LibraryPage', 'library'),
});

const viewerRoute = createRoute({
  getParentRoute: () => libraryRoute,
  path: '$asset',
  component: lazyRouteComponent(() => import('~/features/library/viewer'), 'Viewer'),
});

const compareRoute = createRoute({
  getParentRoute: () => libraryRoute,
  path: '$asset/compare/$other',
  validateSearch: readCompareSearch,
  component: lazyRouteComponent(() => import('~/features/library/compare'), 'Compare'),
});

/** Making is Generate's; the picture stands in the library. */
const editRoute = createRoute({
  getParentRoute: () => libraryRoute,
  path: '$asset/edit',
  component: lazyRouteComponent(
    () => import('~/features/generate/edit-page'),
    'EditPage',
    'generate',
  ),
});

const productsRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/products',
  validateSearch: readWordsSearch,
  component: lazyRouteComponent(
    () => import('~/features/products/page'),
    'ProductsPage',
    'products',
  ),
});

const productRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/products/$product',
  component: lazyRouteComponent(
    () => import('~/features/products/product-page'),
    'ProductPage',
    'products',
  ),
});

const promptsRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/prompts',
  validateSearch: readWordsSearch,
  component: lazyRouteComponent(() => import('./prompts-page'), 'PromptsPage', 'generate'),
});

const queueRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/queue',
  validateSearch: readQueueSearch,
  loader: ({ context: { client } }) => {
    void client.prefetchInfiniteQuery(runsQuery('active'));
    void client.prefetchInfiniteQuery(runsQuery('all'));
  },
  component: lazyRouteComponent(() => import('~/features/queue/page'), 'QueuePage', 'queue'),
});

const runRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/queue/$run',
  component: lazyRouteComponent(() => import('~/features/queue/run-page'), 'RunPage', 'queue'),
});

const settingsRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: '/settings',
  validateSearch: readSettingsSearch,
  component: lazyRouteComponent(
    () => import('~/features/settings/layout'),
    'SettingsLayout',
    'settings',
  ),
});

const settingsIndexRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/profile', replace: true });
  },
});

const settingsPages = [
  createRoute({
    getParentRoute: () => settingsRoute,
    path: 'profile',
    component: lazyRouteComponent(() => import('~/features/settings/profile'), 'ProfilePage'),
  }),
  createRoute({
    getParentRoute: () => settingsRoute,
    path: 'appearance',
    component: lazyRouteComponent(() => import('~/features/settings/appearance'), 'AppearancePage'),
  }),
  createRoute({
    getParentRoute: () => settingsRoute,
    path: 'shortcuts',
    loader: async () => (await import('./all-commands')).loadCommands(),
    component: lazyRouteComponent(() => import('./shortcuts-page'), 'ShortcutsPage'),
  }),
  createRoute({
    getParentRoute: () => settingsRoute,
    path: 'tokens',
    component: lazyRouteComponent(() => import('~/features/settings/tokens'), 'TokensPage'),
  }),
  createRoute({
    getParentRoute: () => settingsRoute,
    path: 'presets',
    loader: () => loadTexts('generate'),
    component: lazyRouteComponent(() => import('./presets-page'), 'PresetsPage'),
  }),
  createRoute({
    getParentRoute: () => settingsRoute,
    path: 'providers',
    component: forAdmins(
      lazyRouteComponent(() => import('~/features/settings/providers'), 'ProvidersPage'),
    ),
  }),
  createRoute({
    getParentRoute: () => settingsRoute,
    path: 'usage',
    component: lazyRouteComponent(() => import('~/features/settings/usage'), 'UsagePage'),
  }),
  createRoute({
    getParentRoute: () => settingsRoute,
    path: 'system',
    component: forAdmins(
      lazyRouteComponent(() => import('~/features/settings/system'), 'SystemPage'),
    ),
  }),
] as const;

const tree = rootRoute.addChildren([
  loginRoute,
  setupRoute,
  docsRoute,
  docsErrorsRoute,
  frameRoute.addChildren([
    indexRoute,
    generateRoute,
    libraryRoute.addChildren([viewerRoute, compareRoute, editRoute]),
    productsRoute,
    productRoute,
    promptsRoute,
    queueRoute,
    runRoute,
    settingsRoute.addChildren([settingsIndexRoute, ...settingsPages]),
  ]),
]);

export function createAppRouter(client: QueryClient) {
  const router = createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: 'intent',
    defaultPendingMs: 150,
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: false,
  });
  // The page that is wanted is on its way while it is asked whose it is.
  const [routes] = router.getMatchedRoutes(location.pathname);
  for (const { options } of routes) options.component?.preload?.();
  return router;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
