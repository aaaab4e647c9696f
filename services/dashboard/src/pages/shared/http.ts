/** JSON over fetch for the pages, with failures told apart by whether trying again can help. */

export class Failure extends Error {
  constructor(
    message: string,
    /** HTTP status, or 0 when there was no answer at all. */
    readonly status: number,
    readonly retryAfterSeconds: number | null = null,
    /** The problem document, for what it tells beside its words. */
    readonly body: unknown = null,
  ) {
    super(message);
  }

  get retryable(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

interface ProblemBody {
  title?: string;
  detail?: string;
  errors?: { pointer: string; detail: string }[];
}

/** What a problem document says to a person. */
export function problemText(body: unknown, status: number): string {
  const problem = (typeof body === "object" && body !== null ? body : {}) as ProblemBody;
  return problem.errors?.[0]?.detail ?? problem.detail ?? problem.title ?? `The server answered ${status}.`;
}

/** Fetches JSON; `null` for an empty answer. Throws Failure for anything but 2xx. */
export async function json<T>(url: string, init: RequestInit & { timeoutSeconds?: number } = {}): Promise<T | null> {
  const { timeoutSeconds = 20, ...request } = init;
  let response: Response;
  try {
    response = await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutSeconds * 1000) });
  } catch {
    throw new Failure("No connection.", 0);
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const wait = Number(response.headers.get("Retry-After"));
    throw new Failure(problemText(body, response.status), response.status, Number.isFinite(wait) && wait > 0 ? wait : null, body);
  }
  return body as T | null;
}

/** A JSON POST that may be repeated: the same key gives the same answer. */
export function post<T>(url: string, body: unknown, idempotencyKey?: string, timeoutSeconds?: number): Promise<T | null> {
  const headers: Record<string, string> = { "Content-Type": "application/json", "X-Requested-With": "muster" };
  if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
  return json<T>(url, { method: "POST", headers, body: JSON.stringify(body), ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) });
}
