/** Every address of the dashboard. A page's code is fetched when it is first shown. */
import type { Route } from "./router";

export const routes: readonly Route[] = [
  { pattern: "/sign-in", title: "Sign in", access: "visitor", load: () => import("../features/account/sign-in") },
  { pattern: "/register", title: "Create an account", access: "visitor", load: () => import("../features/account/register") },
  { pattern: "/verify-email", title: "Confirm your address", access: "anyone", load: () => import("../features/account/verify-email") },
  { pattern: "/forgot-password", title: "Set a new password", access: "anyone", load: () => import("../features/account/forgot-password") },
  { pattern: "/reset-password", title: "Set a new password", access: "anyone", load: () => import("../features/account/reset-password") },
  { pattern: "/invitations", title: "Invitation", access: "anyone", load: () => import("../features/account/invitation") },
  { pattern: "/organisations/new", title: "Create an organisation", access: "member", load: () => import("../features/organisations/new") },
  { pattern: "/events", title: "Events", access: "member", load: () => import("../features/events/list") },
  { pattern: "/events/new", title: "New event", access: "member", load: () => import("../features/events/new") },
  { pattern: "/events/:id/edit", title: "Edit the event", access: "member", load: () => import("../features/events/edit") },
  { pattern: "/events/:id", title: "Event", access: "member", load: () => import("../features/events/detail") },
  { pattern: "/events/:id/attendees", title: "Attendees", access: "member", load: () => import("../features/registrations/attendees") },
  { pattern: "/calendar", title: "Calendar", access: "member", load: () => import("../features/calendar/calendar") },
  { pattern: "/crew", title: "Crew", access: "member", load: () => import("../features/crew/roster") },
  { pattern: "/deliveries", title: "Mails", access: "member", load: () => import("../features/deliveries/list") },
  { pattern: "/discover", title: "Find an event", access: "anyone", load: () => import("../features/discover/list") },
  { pattern: "/discover/:id", title: "Event", access: "anyone", load: () => import("../features/discover/event") },
  { pattern: "/registered", title: "Where you go", access: "member", load: () => import("../features/registrations/mine") },
  { pattern: "/registrations/:token", title: "Your registration", access: "anyone", load: () => import("../features/registrations/manage") },
  { pattern: "/settings", title: "Settings", access: "member", load: () => import("../features/settings/organisation") },
  { pattern: "/settings/members", title: "Members", access: "member", load: () => import("../features/settings/members") },
  { pattern: "/settings/keys", title: "Service keys", access: "member", load: () => import("../features/settings/keys") },
  { pattern: "/settings/audit", title: "Audit log", access: "member", load: () => import("../features/settings/audit") },
  { pattern: "/settings/account", title: "Your account", access: "member", load: () => import("../features/settings/account") },
];
