"""What messages are made of."""

from pydantic import BaseModel, ConfigDict

from muster_shared.messaging.envelope import Message

__all__ = ["Message", "Payload"]


class Payload(BaseModel):
    """A part of a message. Readers pass over fields they do not know, so that adding one breaks nobody."""

    model_config = ConfigDict(frozen=True, extra="ignore")
