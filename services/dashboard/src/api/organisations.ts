/** The organisations of whoever is signed in, and who and what belongs to them. */
import { useQuery, type UseQueryResult } from "@tanstack/preact-query";
import { client, idempotencyKey, read } from "./client";
import type { AuditEntry, Invitation, Member, Organisation, OrganisationSettings, Page, Role, Scope, ServiceKey } from "./types";

export function useOrganisations(): UseQueryResult<Organisation[]> {
  return useQuery({
    queryKey: ["organisations"],
    queryFn: async () => (await read<Page<Organisation>>(client.GET("/api/organizations", { params: { query: { limit: 100 } } }))).items,
    staleTime: 60_000,
  });
}

interface Change {
  name?: string;
  settings?: Partial<OrganisationSettings>;
}

const path = (org_id: string): { path: { org_id: string } } => ({ path: { org_id } });

export const changeOrganisation = (org_id: string, body: Change): Promise<Organisation> => read(client.PATCH("/api/organizations/{org_id}", { params: path(org_id), body }));
export const deleteOrganisation = (org_id: string): Promise<unknown> => read(client.DELETE("/api/organizations/{org_id}", { params: path(org_id) }));

export const listMembers = (org_id: string): Promise<Page<Member>> => read(client.GET("/api/organizations/{org_id}/members", { params: { ...path(org_id), query: { limit: 100 } } }));
export const changeRole = (org_id: string, user_id: string, role: Role): Promise<Member> =>
  read(client.PATCH("/api/organizations/{org_id}/members/{user_id}", { params: { path: { org_id, user_id } }, body: { role } }));
export const removeMember = (org_id: string, user_id: string): Promise<unknown> => read(client.DELETE("/api/organizations/{org_id}/members/{user_id}", { params: { path: { org_id, user_id } } }));

export const listInvitations = (org_id: string): Promise<Page<Invitation>> => read(client.GET("/api/organizations/{org_id}/invitations", { params: { ...path(org_id), query: { limit: 100 } } }));
export const invite = (org_id: string, body: { email: string; role: Role }): Promise<Invitation> =>
  read(client.POST("/api/organizations/{org_id}/invitations", { params: { ...path(org_id), header: idempotencyKey() }, body }));
export const withdrawInvitation = (org_id: string, invitation_id: string): Promise<unknown> =>
  read(client.DELETE("/api/organizations/{org_id}/invitations/{invitation_id}", { params: { path: { org_id, invitation_id } } }));

export const listKeys = (org_id: string): Promise<Page<ServiceKey>> => read(client.GET("/api/organizations/{org_id}/service-keys", { params: { ...path(org_id), query: { limit: 100 } } }));
export const createKey = (org_id: string, body: { name: string; scopes: Scope[]; expires_at: string }): Promise<ServiceKey & { key: string }> =>
  read(client.POST("/api/organizations/{org_id}/service-keys", { params: { ...path(org_id), header: idempotencyKey() }, body }));
export const revokeKey = (org_id: string, key_id: string): Promise<unknown> => read(client.DELETE("/api/organizations/{org_id}/service-keys/{key_id}", { params: { path: { org_id, key_id } } }));

export const listAudit = (org_id: string, cursor: string | null): Promise<Page<AuditEntry>> =>
  read(client.GET("/api/organizations/{org_id}/audit", { params: { ...path(org_id), query: { limit: 50, ...(cursor === null ? {} : { cursor }) } } }));
