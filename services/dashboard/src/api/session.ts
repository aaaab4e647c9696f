/**
 * Who is signed in. The access token lives in memory alone; the refresh token is in a cookie that scripts cannot read.
 * A second cookie, holding nothing but "1", says that asking for a refresh is worth it.
 */
import { Store } from "../lib/store";
import { problemOf, Unreachable } from "./problem";

export interface Tokens {
  access_token: string;
  expires_in: number;
}

export type Session = { status: "unknown" } | { status: "anonymous" } | { status: "signed-in"; token: string; expiresAt: number };

export const session = new Store<Session>({ status: "unknown" });

const HINT = "muster_signed_in";
/** Renewed this long before it expires, so that no request leaves with a token about to die. */
const MARGIN_MS = 30_000;
const HEADERS = { "Content-Type": "application/json", "X-Requested-With": "muster" };

function hinted(): boolean {
  return document.cookie.split("; ").includes(`${HINT}=1`);
}

function setHint(present: boolean): void {
  document.cookie = `${HINT}=${present ? "1" : ""}; path=/; SameSite=Lax; max-age=${present ? 30 * 86_400 : 0}`;
}

function accept(tokens: Tokens): void {
  setHint(true);
  session.set({ status: "signed-in", token: tokens.access_token, expiresAt: Date.now() + tokens.expires_in * 1000 });
}

/** Forgets the session here; the services are not told. */
export function dropSession(): void {
  setHint(false);
  session.set({ status: "anonymous" });
}

/** Never rejects but for a missing answer: 429 and 5xx do not sign anybody out. */
async function browserCall(action: "login" | "refresh" | "logout", body: unknown): Promise<Response> {
  try {
    return await fetch(`/api/auth/browser/${action}`, { method: "POST", headers: HEADERS, body: JSON.stringify(body), credentials: "same-origin" });
  } catch {
    throw new Unreachable();
  }
}

export async function signIn(credentials: { email: string; password: string; otp?: string }): Promise<void> {
  const response = await browserCall("login", credentials);
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, body);
  accept(body as Tokens);
}

export async function signOut(): Promise<void> {
  await browserCall("logout", {}).catch(() => undefined);
  dropSession();
}

let refreshing: Promise<string | null> | null = null;

/** A fresh access token, or null when nobody is signed in. However many ask at once, one request is made. */
export function refresh(): Promise<string | null> {
  refreshing ??= renew().finally(() => (refreshing = null));
  return refreshing;
}

async function renew(): Promise<string | null> {
  // Tabs take turns: each would rotate the cookie under the others.
  const locks = (navigator as { locks?: LockManager | null }).locks;
  const response = await (locks == null ? browserCall("refresh", {}) : locks.request("muster-refresh", () => browserCall("refresh", {})));
  if (response.status === 401 || response.status === 403 || response.status === 204) {
    dropSession();
    return null;
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, body);
  accept(body as Tokens);
  return (body as Tokens).access_token;
}

/** The token to send now: the one in hand while it lasts, else a renewed one. */
export async function currentToken(): Promise<string | null> {
  const state = session.get();
  if (state.status === "anonymous") return null;
  if (state.status === "signed-in" && state.expiresAt - MARGIN_MS > Date.now()) return state.token;
  return state.status === "signed-in" || hinted() ? refresh() : null;
}

/** Finds out, once at start, whether an earlier visit left a session. */
export async function resumeSession(): Promise<void> {
  if (!hinted()) {
    session.set({ status: "anonymous" });
    return;
  }
  await refresh().catch(() => session.set({ status: "anonymous" }));
}
