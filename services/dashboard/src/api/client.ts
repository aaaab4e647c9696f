/** The one way to the services: openapi-fetch with the session's token, renewed when a service refuses it. */
import createClient from "openapi-fetch";
import type { paths } from "./paths";
import { problemOf, Unreachable } from "./problem";
import { currentToken, refresh, session } from "./session";

/** Sends with the current token; a 401 is answered once by renewing it and sending again. */
export async function authorisedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const token = await currentToken();
  const first = await sendWith(request, token);
  if (first.status !== 401 || token === null) return first;
  const renewed = await refresh();
  return renewed === null ? first : sendWith(again, renewed);
}

async function sendWith(request: Request, token: string | null): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set("X-Requested-With", "muster");
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(new Request(request, { headers, credentials: "same-origin" }));
  } catch {
    throw new Unreachable();
  }
}

export const client = createClient<paths>({ baseUrl: location.origin, fetch: authorisedFetch });

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body, or the problem thrown. */
export async function read<T>(result: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await result;
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}

/** A key that makes a POST safe to repeat. */
export function idempotencyKey(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}

export const isSignedIn = (): boolean => session.get().status === "signed-in";
