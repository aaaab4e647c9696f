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
export interface AssignmentChange {
  role?: string;
  status?: "confirmed" | "declined" | "no_show";
  decline_reason?: string;
  worked_minutes?: number | null;
}

const place = (event_id: string, assignment_id: string): { path: { event_id: string; assignment_id: string } } => ({ path: { event_id, assignment_id } });
export const changeAssignment = (event_id: string, assignment_id: string, body: AssignmentChange): Promise<Assignment> =>
  read(client.PATCH("/api/events/{event_id}/assignments/{assignment_id}", { params: place(event_id, assignment_id), body }));

export interface Shots {
  before_wanted: number;
  after_wanted: number;
  before: number;
  after: number;
}

export const getShots = (event_id: string): Promise<Shots> => read(client.GET("/api/events/{event_id}/shot-list", { params: { path: { event_id } } }));
export const putShots = (event_id: string, body: { before: number; after: number }): Promise<Shots> => read(client.PUT("/api/events/{event_id}/shot-list", { params: { path: { event_id } }, body }));

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
