/** Chooses what to show: the frame, the page of the address, and where to send somebody who must sign in first. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { session } from "../api/session";
import { useStore } from "../lib/store";
import { Empty, Skeleton, Toasts } from "../ui/feedback";
import { Boundary } from "./boundary";
import { Frame } from "./frame";
import { findRoute, go, LazyPage, Link, usePageChange, usePlace } from "./router";
import { routes } from "./routes";

/** The address inside this dashboard that `?next=` asks for; anything else is ignored. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/events";
}

export function App(): JSX.Element {
  const { path, query } = usePlace();
  const { status } = useStore(session);
  const found = findRoute(routes, path);
  const access = found?.route.access;
  const home = path === "/";
  const redirect =
    status === "unknown"
      ? null
      : home
        ? status === "signed-in" ? "/events" : "/discover"
        : access === "member" && status === "anonymous"
          ? `/sign-in?next=${encodeURIComponent(path + location.search)}`
          : access === "visitor" && status === "signed-in"
            ? safeNext(query.get("next"))
            : null;
  useEffect(() => {
    if (redirect !== null) go(redirect, { replace: true });
  }, [redirect]);
  usePageChange(found?.route.title ?? "Not found", path);

  const waiting = redirect !== null || (status === "unknown" && access !== "anyone");
  return (
    <>
      <Frame signedIn={status === "signed-in"} path={path}>
        {waiting ? <Skeleton lines={6} /> : found === null ? <NotFound /> : (
          <Boundary key={path}>
            <LazyPage route={found.route} params={found.params} />
          </Boundary>
        )}
      </Frame>
      <Toasts />
    </>
  );
}

function NotFound(): JSX.Element {
  return (
    <Empty page icon="compass" title="There is nothing at this address">
      <p>The link may be old, or was cut off when it was copied.</p>
      <Link class="button" href="/">
        Go to the start
      </Link>
    </Empty>
  );
}
