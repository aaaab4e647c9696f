/** The account of whoever is signed in, and the way to one. */
import { client, idempotencyKey, read } from "./client";
import type { Me, Organisation, Page } from "./types";

export interface SessionView {
  id: string;
  device: string;
  address: string;
  kind: "browser" | "token";
  created_at: string;
  last_used_at: string;
  current: boolean;
}

export interface Offer {
  org_id: string;
  organization: string;
  role: string;
  email: string;
  inviter: string;
  expires_at: string;
}

export interface SecondFactor {
  enabled: boolean;
  recovery_codes_left: number;
  recommended: boolean;
}

export interface Enrolment {
  secret: string;
  uri: string;
  qr_svg: string;
}

interface RecoveryCodes {
  recovery_codes: string[];
}

export const register = (body: { name: string; email: string; password: string }): Promise<unknown> => read(client.POST("/api/auth/register", { body }));
export const verifyEmail = (token: string): Promise<unknown> => read(client.POST("/api/auth/verify-email", { body: { token } }));
export const forgotPassword = (email: string): Promise<unknown> => read(client.POST("/api/auth/password/forgot", { body: { email } }));
export const resetPassword = (body: { token: string; password: string }): Promise<unknown> => read(client.POST("/api/auth/password/reset", { body }));

export const getMe = (): Promise<Me> => read(client.GET("/api/auth/me"));
export const changeMe = (body: { name: string }): Promise<Me> => read(client.PATCH("/api/auth/me", { body }));
export const changeEmail = (body: { email: string; password: string }): Promise<unknown> => read(client.POST("/api/auth/me/email", { body }));
export const deleteMe = (body: { password: string; otp?: string }): Promise<unknown> => read(client.DELETE("/api/auth/me", { body }));
export const changePassword = (body: { current_password: string; new_password: string }): Promise<unknown> => read(client.POST("/api/auth/password/change", { body }));

export const listSessions = (): Promise<Page<SessionView>> => read(client.GET("/api/auth/sessions", { params: { query: { limit: 100 } } }));
export const endSession = (session_id: string): Promise<unknown> => read(client.DELETE("/api/auth/sessions/{session_id}", { params: { path: { session_id } } }));
export const endOtherSessions = (): Promise<unknown> => read(client.DELETE("/api/auth/sessions"));

export const getSecondFactor = (): Promise<SecondFactor> => read(client.GET("/api/auth/totp"));
export const enrol = (password: string): Promise<Enrolment> => read(client.POST("/api/auth/totp", { body: { password } }));
export const confirmSecondFactor = (otp: string): Promise<RecoveryCodes> => read(client.POST("/api/auth/totp/confirm", { body: { otp } }));
export const renewRecoveryCodes = (body: { password: string; otp: string }): Promise<RecoveryCodes> => read(client.POST("/api/auth/totp/recovery-codes", { body }));
export const disableSecondFactor = (body: { password: string; otp: string }): Promise<unknown> => read(client.POST("/api/auth/totp/disable", { body }));

export const createOrganisation = (name: string): Promise<Organisation> => read(client.POST("/api/organizations", { body: { name }, params: { header: idempotencyKey() } }));
export const previewInvitation = (token: string): Promise<Offer> => read(client.POST("/api/organizations/invitations/preview", { body: { token } }));
export const acceptInvitation = (token: string): Promise<Organisation> => read(client.POST("/api/organizations/invitations/accept", { body: { token } }));
