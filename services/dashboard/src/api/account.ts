/** The account of whoever is signed in, and the way to one. */
import { client, idempotencyKey, read } from "./client";
import type { Me, Organisation, Page } from "./types";

export interface SessionView {
  id: string;
  device: string | null;
  created_at: string;
  last_used_at: string | null;
  current: boolean;
}

export interface TotpEnrolment {
  secret: string;
  uri: string;
}

export const register = (body: { name: string; email: string; password: string }): Promise<unknown> => read(client.POST("/api/auth/register", { body }));
export const verifyEmail = (token: string): Promise<unknown> => read(client.POST("/api/auth/verify-email", { body: { token } }));
export const forgotPassword = (email: string): Promise<unknown> => read(client.POST("/api/auth/password/forgot", { body: { email } }));
export const resetPassword = (body: { token: string; password: string }): Promise<unknown> => read(client.POST("/api/auth/password/reset", { body }));

export const getMe = (): Promise<Me> => read(client.GET("/api/auth/me"));
export const changeMe = (body: { name?: string }): Promise<Me> => read(client.PATCH("/api/auth/me", { body }));
export const changePassword = (body: { current_password: string; new_password: string }): Promise<unknown> => read(client.POST("/api/auth/password/change", { body }));

export const listSessions = (): Promise<Page<SessionView>> => read(client.GET("/api/auth/sessions"));
export const endSession = (session_id: string): Promise<unknown> => read(client.DELETE("/api/auth/sessions/{session_id}", { params: { path: { session_id } } }));

export const enrolTotp = (): Promise<TotpEnrolment> => read(client.POST("/api/auth/totp", {}));
export const confirmTotp = (code: string): Promise<{ recovery_codes: string[] }> => read(client.POST("/api/auth/totp/confirm", { body: { code } }));
export const removeTotp = (code: string): Promise<unknown> => read(client.DELETE("/api/auth/totp", { body: { code } }));

export const createOrganisation = (name: string): Promise<Organisation> => read(client.POST("/api/organizations", { body: { name }, params: { header: idempotencyKey() } }));
export const acceptInvitation = (token: string): Promise<unknown> => read(client.POST("/api/organizations/invitations/accept", { body: { token } }));
