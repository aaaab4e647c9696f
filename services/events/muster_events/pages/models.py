"""What the site bucket holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class PublishedPage(Base):
    """The page of one event as it was last put there, made from the event's `page_revision` `revision`."""

    __tablename__ = "published_pages"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    code: Mapped[str] = mapped_column(Text)
    slug: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime]
