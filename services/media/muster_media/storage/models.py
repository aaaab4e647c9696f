"""Objects that nothing refers to any more."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from muster_media.base import Base


class UnwantedObject(Base):
    """An object to delete; the row commits with whatever made it unwanted, and goes when the object is gone.

    A key that ends in `/` stands for everything under it.
    """

    __tablename__ = "unwanted_objects"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    bucket: Mapped[str]
    key: Mapped[str]
    not_before: Mapped[datetime] = mapped_column(server_default=func.now())
    attempts: Mapped[int] = mapped_column(server_default="0")
