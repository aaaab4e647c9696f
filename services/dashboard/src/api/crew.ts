/** The roster, and who is assigned to what. */
import { authorisedFetch, client, idempotencyKey, read } from "./client";
import { problemOf } from "./problem";
import type { Assignment, CrewMember, Page } from "./types";

export interface CrewInput {
  name: string;
  email: string;
  phone: string;
  skills: string[];
}

export async function listRoster(org_id: string, q = ""): Promise<CrewMember[]> {
  const all: CrewMember[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<CrewMember> = await read<Page<CrewMember>>(
      client.GET("/api/crew", { params: { query: { org_id, limit: 100, ...(q === "" ? {} : { q }), ...(cursor === null ? {} : { cursor }) } } }),
    );
    all.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && all.length < 1000);
  return all;
}

export const addMember = (org_id: string, body: CrewInput): Promise<CrewMember> => read(client.POST("/api/crew", { body: { org_id, ...body }, params: { header: idempotencyKey() } }));
export const changeMember = (crew_member_id: string, body: CrewInput): Promise<CrewMember> => read(client.PATCH("/api/crew/{crew_member_id}", { params: { path: { crew_member_id } }, body }));
export const removeMember = (crew_member_id: string): Promise<unknown> => read(client.DELETE("/api/crew/{crew_member_id}", { params: { path: { crew_member_id } } }));

export interface AssignInput {
  crew_member_id: string;
  role: string;
  standby_rank?: number;
}

export const assign = (event_id: string, body: AssignInput): Promise<Assignment> => read(client.POST("/api/events/{event_id}/assignments", { params: { path: { event_id }, header: idempotencyKey() }, body }));
export const unassign = (event_id: string, assignment_id: string): Promise<unknown> =>
  read(client.DELETE("/api/events/{event_id}/assignments/{assignment_id}", { params: { path: { event_id, assignment_id } } }));
export const remind = (event_id: string, assignment_id: string): Promise<unknown> =>
  read(client.POST("/api/events/{event_id}/assignments/{assignment_id}/remind", { params: { path: { event_id, assignment_id } } }));

export interface ImportReport {
  created: number;
  updated: number;
  unchanged: number;
  refused: number;
  unknown_columns: string[];
  rows: { line: number; outcome: string; errors?: { column: string; detail: string }[] }[];
}

/** Takes a CSV file into the roster; with `dryRun` it only says what would happen. */
export async function importCrew(orgId: string, file: File, dryRun: boolean): Promise<ImportReport> {
  const address = new URL("/api/crew/import", location.origin);
  address.search = String(new URLSearchParams({ org_id: orgId, dry_run: String(dryRun) }));
  const response = await authorisedFetch(new Request(address, { method: "POST", headers: { "Content-Type": "text/csv" }, body: await file.arrayBuffer() }));
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, body);
  return body as ImportReport;
}
