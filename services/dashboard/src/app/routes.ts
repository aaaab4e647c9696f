/** Every address of the dashboard. A page's code is fetched when it is first shown. */
import type { Route } from "./router";

export const routes: readonly Route[] = [
  { pattern: "/sign-in", title: "Sign in", access: "visitor", load: () => import("../features/account/sign-in") },
  { pattern: "/events", title: "Events", access: "member", load: () => import("../features/events/list") },
  { pattern: "/events/:id", title: "Event", access: "member", load: () => import("../features/events/detail") },
];
