import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { authorisedFetch } from "./client";
import { ApiError } from "./problem";
import { currentToken, dropSession, refresh, resumeSession, session, signIn, signOut } from "./session";

const answer = (status: number, body: unknown = {}): Response => new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const tokens = (name: string): Response => answer(200, { access_token: name, expires_in: 600 });

let calls: string[];
let replies: (request: Request) => Response | Promise<Response>;

beforeEach(() => {
  calls = [];
  vi.stubGlobal("fetch", (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(typeof input === "string" ? new URL(input, "http://muster.test") : input, init);
    calls.push(`${request.method} ${new URL(request.url).pathname} ${request.headers.get("Authorization") ?? "-"}`);
    return Promise.resolve(replies(request));
  });
});

afterEach(() => {
  dropSession();
  vi.unstubAllGlobals();
});

const signInAs = async (name: string): Promise<void> => {
  replies = () => tokens(name);
  await signIn({ email: "ada@example.com", password: "correct horse battery" });
  calls = [];
};

test("one refresh is made when many requests need it at once", async () => {
  replies = () => tokens("fresh");
  document.cookie = "muster_signed_in=1; path=/";
  session.set({ status: "unknown" });
  const all = await Promise.all(Array.from({ length: 20 }, () => currentToken()));
  expect(new Set(all)).toEqual(new Set(["fresh"]));
  expect(calls).toEqual(["POST /api/auth/browser/refresh -"]);
});

test("a request refused with 401 is sent again once with a renewed token", async () => {
  await signInAs("old");
  replies = (request) => {
    if (request.url.endsWith("/refresh")) return tokens("new");
    return answer(request.headers.get("Authorization") === "Bearer new" ? 200 : 401);
  };
  const response = await authorisedFetch(new Request("http://muster.test/api/events/mine", { method: "POST", body: "{}" }));
  expect(response.status).toBe(200);
  expect(calls).toEqual(["POST /api/events/mine Bearer old", "POST /api/auth/browser/refresh -", "POST /api/events/mine Bearer new"]);
});

test("a refused refresh signs out, and the first answer is given back", async () => {
  await signInAs("old");
  replies = () => answer(401);
  expect((await authorisedFetch(new Request("http://muster.test/api/events/mine"))).status).toBe(401);
  expect(session.get().status).toBe("anonymous");
  expect(document.cookie).not.toContain("muster_signed_in=1");
});

test("a service in trouble signs nobody out", async () => {
  await signInAs("kept");
  replies = () => answer(503);
  await expect(refresh()).rejects.toBeInstanceOf(ApiError);
  expect(session.get().status).toBe("signed-in");
});

test("a token about to expire is renewed before it is sent", async () => {
  replies = () => answer(200, { access_token: "short", expires_in: 5 });
  await signIn({ email: "ada@example.com", password: "x" });
  replies = () => tokens("long");
  expect(await currentToken()).toBe("long");
});

test("nothing is asked at start when no session was left", async () => {
  replies = () => answer(500);
  session.set({ status: "unknown" });
  await resumeSession();
  expect(calls).toEqual([]);
  expect(session.get().status).toBe("anonymous");
});

test("signing out forgets the token even when the service cannot be reached", async () => {
  await signInAs("gone");
  replies = () => Promise.reject(new TypeError("offline"));
  await signOut();
  expect(session.get().status).toBe("anonymous");
  expect(await currentToken()).toBeNull();
});

test("no token is ever kept where a script finds it after a reload", async () => {
  await signInAs("secret-token");
  expect(document.cookie).not.toContain("secret-token");
  expect(Object.keys(window.localStorage)).toEqual([]);
  expect(Object.keys(window.sessionStorage)).toEqual([]);
});
