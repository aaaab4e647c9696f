/** Stands in for the types generated from the services' OpenAPI until `npm run types` has been run. */

/* eslint-disable @typescript-eslint/no-explicit-any */
interface Operation {
  parameters: { query?: any; path?: any; header?: any };
  requestBody?: { content: { "application/json": any } };
  responses: { 200: { content: { "application/json": any } } };
}

export type paths = Record<string, Record<"get" | "put" | "post" | "delete" | "patch", Operation>>;
