"""Database sessions, base classes and the tables every service has."""

from muster_shared.db.base import Base, platform_metadata
from muster_shared.db.database import Database, constraint_of, is_unavailable
from muster_shared.db.prepared import Prepared

__all__ = ["Base", "Database", "Prepared", "constraint_of", "is_unavailable", "platform_metadata"]
