"""The base of media's tables: a metadata of its own, since another service has tables of the same names."""

from sqlalchemy import MetaData

from muster_shared.db import Base as SharedBase
from muster_shared.db.base import NAMING


class Base(SharedBase):
    """Base of media's models."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)
