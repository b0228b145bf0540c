import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { AppPage } from "@/app/app-page";
import { Broken, NotFound } from "@/app/dead-ends";
import { Shell } from "@/app/shell";
import { AppsPage } from "@/features/apps/apps-page";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: Broken,
});

const apps = createRoute({ getParentRoute: () => root, path: "/", component: AppsPage });
const newApp = createRoute({
  getParentRoute: () => root,
  path: "/new",
  component: lazyRouteComponent(() => import("@/features/settings/new-app-page"), "NewAppPage"),
});

/** What an app's address may carry: a moment or an offset of its console, a folder or file. */
interface Place {
  at?: number;
  offset?: number;
  path?: string;
  file?: string;
  line?: number;
}

const app = createRoute({
  getParentRoute: () => root,
  path: "/apps/$name",
  component: AppPage,
  validateSearch: (search): Place => ({
    ...(typeof search.at === "number" ? { at: search.at } : {}),
    ...(typeof search.offset === "number" ? { offset: search.offset } : {}),
    ...(typeof search.path === "string" ? { path: search.path } : {}),
    ...(typeof search.file === "string" ? { file: search.file } : {}),
    ...(typeof search.line === "number" ? { line: search.line } : {}),
  }),
});
const appStart = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({
      to: "/apps/$name/$tab",
      params: { name: params.name, tab: "console" },
      replace: true,
    });
  },
});
// The tabs are drawn by the app page itself, which keeps those that were open.
const appTab = createRoute({ getParentRoute: () => app, path: "/$tab", component: () => null });

const accounts = createRoute({
  getParentRoute: () => root,
  path: "/accounts",
  component: lazyRouteComponent(() => import("@/features/accounts/accounts-page"), "AccountsPage"),
});
const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  component: lazyRouteComponent(() => import("@/features/sessions/sessions-page"), "SessionsPage"),
});
const config = createRoute({
  getParentRoute: () => root,
  path: "/config",
  component: lazyRouteComponent(() => import("@/features/config/config-page"), "ConfigPage"),
});
const log = createRoute({
  getParentRoute: () => root,
  path: "/log",
  component: lazyRouteComponent(() => import("@/features/log/log-page"), "LogPage"),
});
const about = createRoute({
  getParentRoute: () => root,
  path: "/about",
  component: lazyRouteComponent(() => import("@/features/about/about-page"), "AboutPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    apps,
    newApp,
    app.addChildren([appStart, appTab]),
    accounts,
    sessions,
    config,
    log,
    about,
  ]),
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
