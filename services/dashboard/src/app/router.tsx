/** Client-side routing: a location store, links, and pages loaded when they are first needed. */
import type { AnchorHTMLAttributes, ComponentChildren, ComponentType, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Store, useStore } from "../lib/store";
import { messageOf } from "../api/problem";
import { Skeleton } from "../ui/feedback";

export interface Place {
  path: string;
  query: URLSearchParams;
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });
const place = new Store<Place>(here());
addEventListener("popstate", () => place.set(here()));

export const usePlace = (): Place => useStore(place);

/** Goes to an address of the dashboard. */
export function go(href: string, { replace = false }: { replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  place.set(here());
  if (!replace) scrollTo(0, 0);
}

type LinkProps = Omit<AnchorHTMLAttributes, "href" | "onClick"> & { href: string; children: ComponentChildren };

/** An anchor that stays in the dashboard; with a modifier key it is the browser's own. */
export function Link({ href, children, ...rest }: LinkProps): JSX.Element {
  const follow = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

export type Params = Readonly<Record<string, string>>;
export type PageComponent = ComponentType<{ params: Params }>;

export interface Route {
  pattern: string;
  title: string;
  /** Who may see it: everybody, or only somebody signed in. */
  access: "anyone" | "member" | "visitor";
  load: () => Promise<{ default: PageComponent }>;
}

/** The parameters of a path that fits a pattern such as "/events/:id", else null. */
export function match(pattern: string, path: string): Params | null {
  const wanted = pattern.split("/");
  const given = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (!part.startsWith(":")) {
      if (part !== value) return null;
    } else if (value === "") {
      return null;
    } else {
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    }
  }
  return params;
}

export function findRoute(routes: readonly Route[], path: string): { route: Route; params: Params } | null {
  for (const route of routes) {
    const params = match(route.pattern, path);
    if (params !== null) return { route, params };
  }
  return null;
}

const loaded = new Map<Route, PageComponent>();
const SECOND_TRY_MS = 800;

/** A page's code; a network that hiccups gets a second chance. */
async function fetched(route: Route): Promise<{ default: PageComponent }> {
  try {
    return await route.load();
  } catch {
    await new Promise((resolve) => setTimeout(resolve, SECOND_TRY_MS));
    return route.load();
  }
}

const coming = new Map<Route, Promise<void>>();

/** Fetches a page's code ahead of its turn, or joins in when it is on its way. */
export function fetchPage(route: Route): Promise<void> {
  const already = coming.get(route);
  if (already !== undefined) return already;
  const started = fetched(route).then((module) => void loaded.set(route, module.default));
  coming.set(route, started);
  // A failure is not kept: the next visit tries again.
  started.catch(() => coming.delete(route));
  return started;
}

/** Shows a route's page, fetching its code the first time. */
export function LazyPage({ route, params }: { route: Route; params: Params }): JSX.Element {
  const [, arrived] = useState(0);
  const [failure, setFailure] = useState<unknown>(null);
  const Page = loaded.get(route);
  useEffect(() => {
    setFailure(null);
    let current = true;
    // Also when it has come between this render and now: only a new render shows it.
    fetchPage(route)
      .then(() => current && arrived((count) => count + 1))
      .catch((error: unknown) => current && setFailure(error));
    return () => void (current = false);
  }, [route]);
  if (failure !== null) return <p role="alert">This page could not be loaded. {messageOf(failure)}</p>;
  return Page === undefined ? <Skeleton lines={6} label="Loading the page" /> : <Page key={JSON.stringify(params)} params={params} />;
}

/** Names the tab, and moves the focus to the new page's heading, as a page load would. */
export function usePageChange(title: string, path: string): void {
  const first = useRef(true);
  useEffect(() => {
    document.title = `${title} · Muster`;
    if (first.current) {
      first.current = false;
      return;
    }
    document.querySelector<HTMLElement>("#main")?.focus({ preventScroll: true });
  }, [title, path]);
}
