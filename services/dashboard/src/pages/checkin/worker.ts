/**
 * Lets the door's page be loaded again without a connection. Its scope is that one page. What the page asks of the
 * service passes by: the page itself keeps the list and the scans.
 */
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface ServiceWorkerScope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}

const SHELL = ["/pages/crew.css", "/pages/checkin.css", "/pages/checkin.js", "/pages/checkin-jsQR.js", "/favicon.svg"];
/** Longer than this, and the people at the door wait: what is kept here is shown. */
const ANSWER_MS = 4_000;

const worker = self as unknown as ServiceWorkerScope;
const page = worker.registration.scope;
const CACHE = `door ${page}`;

worker.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  const isOurs = origin === location.origin && (origin + pathname === page || SHELL.includes(pathname));
  if (method === "GET" && isOurs) event.respondWith(newest(event.request));
});

async function keepAll(): Promise<void> {
  await (await caches.open(CACHE)).addAll([page, ...SHELL]);
}

/** The service's answer, or else the one kept here. Once the link has ended, nothing is kept any more. */
async function newest(request: Request): Promise<Response> {
  const answer = await fetch(request, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => null);
  if (answer?.ok === true) {
    const copy = answer.clone();
    await (await caches.open(CACHE)).put(request, copy);
    return answer;
  }
  if (answer !== null && answer.status < 500) {
    if (request.url === page) await end();
    return answer;
  }
  return (await caches.match(request, { cacheName: CACHE })) ?? answer ?? Response.error();
}

async function end(): Promise<void> {
  await caches.delete(CACHE);
  await worker.registration.unregister();
}
