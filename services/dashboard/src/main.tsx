/** Starts the dashboard. */
import { QueryClient, QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";
import { ApiError } from "./api/problem";
import { resumeSession, session } from "./api/session";
import { App } from "./app/app";
import { chosenOrganisation } from "./app/organisation";
import { fetchPage, findRoute } from "./app/router";
import { routes } from "./app/routes";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the service refused stays refused; what could not be reached is worth another try.
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
});

// What one person saw must not be there for the next.
let before = session.get().status;
session.watch(({ status }) => {
  if (before === "signed-in" && status === "anonymous") {
    queries.clear();
    chosenOrganisation.set(null);
  }
  before = status;
});

// The page's code is on its way while the session is asked about.
const first = findRoute(routes, location.pathname);
if (first !== null) fetchPage(first.route).catch(() => undefined);
void resumeSession();
const root = document.querySelector("#app");
if (root !== null) {
  render(
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>,
    root,
  );
}
