/** Errors of the services as RFC 9457 describes them. */

export interface FieldError {
  pointer: string;
  detail: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
    readonly fields: readonly FieldError[] = [],
    readonly retryAfterSeconds: number | null = null,
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  /** What is wrong with one field, by its JSON pointer without the slash. */
  field(name: string): string | undefined {
    return this.fields.find((each) => each.pointer === `/${name}` || each.pointer === name || each.pointer === `#/${name}`)?.detail;
  }
}

/** Thrown when there was no answer at all. */
export class Unreachable extends Error {
  constructor() {
    super("Muster cannot be reached. Check your connection; it will try again by itself.");
  }
}

/** Makes an error of whatever a service answered. */
export function problemOf(response: Response, body: unknown): ApiError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (name: string): string | undefined => (typeof problem[name] === "string" ? problem[name] : undefined);
  const wait = Number(response.headers.get("Retry-After"));
  const fields = Array.isArray(problem.errors) ? (problem.errors as FieldError[]) : [];
  return new ApiError(
    response.status,
    text("type") ?? "about:blank",
    text("detail") ?? text("title") ?? `The server answered ${response.status}.`,
    fields,
    Number.isFinite(wait) && wait > 0 ? wait : null,
    problem,
  );
}

/** Any error in words for the person at the screen. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError && error.status === 429) {
    return error.retryAfterSeconds === null ? "Too many tries. Please wait a little." : `Too many tries. Please wait ${waitText(error.retryAfterSeconds)}.`;
  }
  if (error instanceof ApiError && error.status === 422 && error.fields.length > 0) return "Please check the marked fields.";
  if (error instanceof ApiError && error.status >= 500) return "Muster has a problem just now. Nothing was lost; please try again in a moment.";
  return error instanceof Error ? error.message : "Something went wrong.";
}

function waitText(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
