"""Addresses: the form they are compared in, and the lane they are counted for."""

from uuid import UUID

# Mails of no organisation, those about accounts, share a lane of their own.
NOBODY = UUID(int=0)


def key_of(address: str) -> str:
    """The form in which two spellings of an address are the same one."""
    return address.strip().casefold()


def lane_of(org_id: UUID | None) -> UUID:
    """The lane of an organisation's mails."""
    return NOBODY if org_id is None else org_id
