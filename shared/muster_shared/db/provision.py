"""Schemas, roles and grants: one schema, one runtime role and one owner role per service.

Run by whoever administers the cluster (locally the bootstrap, on AWS its one-off task) before the migrations;
every statement can be run again.
"""

import re
from collections.abc import Sequence

import psycopg2.extensions
from psycopg2 import sql

SERVICES = ("auth", "events", "notifications", "media")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")


def role_of(service: str) -> str:
    """The runtime role of a service."""
    return f"muster_{service}"


def owner_of(service: str) -> str:
    """The role that owns a service's tables and runs its migrations."""
    return f"muster_{service}_owner"


def provision(
    connection: psycopg2.extensions.connection,
    *,
    service: str,
    password: str,
    owner_password: str,
    vaults: Sequence[str] = (),
) -> None:
    """Makes or mends the schema and roles of `service`, on a connection in autocommit.

    `vaults` are extra schemas `<service>_<vault>` of the same owner, that the runtime role reaches only by
    `SET LOCAL ROLE muster_<service>_<vault>`: a query that forgets to ask gets "permission denied".
    """
    for name in (service, *vaults):
        if not _NAME.match(name):
            raise ValueError("a service's name is lower case letters, digits and underscores")
    runtime, owner = role_of(service), owner_of(service)
    with connection.cursor() as cursor:
        _ensure_role(cursor, runtime, password)
        _ensure_role(cursor, owner, owner_password)
        _run(cursor, "GRANT {owner} TO CURRENT_USER", owner=owner)
        _ensure_schema(cursor, service, owner)
        _run(cursor, "GRANT USAGE ON SCHEMA {schema} TO {runtime}", schema=service, runtime=runtime)
        _default_grants(cursor, schema=service, owner=owner, to=runtime)
        for role in (runtime, owner):
            _run(cursor, "ALTER ROLE {role} SET search_path TO {schema}", role=role, schema=service)
        for vault in vaults:
            _ensure_vault(cursor, service=service, vault=vault)


def _ensure_vault(cursor: psycopg2.extensions.cursor, *, service: str, vault: str) -> None:
    schema, role, owner = f"{service}_{vault}", f"muster_{service}_{vault}", owner_of(service)
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
    if cursor.fetchone() is None:
        _run(cursor, "CREATE ROLE {role} NOLOGIN", role=role)
    _run(cursor, "GRANT {role} TO {runtime} WITH INHERIT FALSE, SET TRUE", role=role, runtime=role_of(service))
    _ensure_schema(cursor, schema, owner)
    _run(cursor, "GRANT USAGE ON SCHEMA {schema} TO {role}", schema=schema, role=role)
    _default_grants(cursor, schema=schema, owner=owner, to=role)


def _ensure_role(cursor: psycopg2.extensions.cursor, name: str, password: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
    verb = "ALTER" if cursor.fetchone() else "CREATE"
    statement = sql.SQL(verb + " ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {password}")
    cursor.execute(statement.format(name=sql.Identifier(name), password=sql.Literal(password)))


def _ensure_schema(cursor: psycopg2.extensions.cursor, schema: str, owner: str) -> None:
    _run(cursor, "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}", schema=schema, owner=owner)


def _default_grants(cursor: psycopg2.extensions.cursor, *, schema: str, owner: str, to: str) -> None:
    for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
        _run(
            cursor,
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT " + what + " TO {to}",
            owner=owner,
            schema=schema,
            to=to,
        )


def _run(cursor: psycopg2.extensions.cursor, statement: str, **names: str) -> None:
    parts = {key: sql.Identifier(name) for key, name in names.items()}
    cursor.execute(sql.SQL(statement).format(**parts))
