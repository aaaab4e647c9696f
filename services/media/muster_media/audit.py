"""This service's part of the audit log."""

from muster_shared.auth.audit import AuditLog

audit = AuditLog("media")
