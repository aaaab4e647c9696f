"""What can go wrong with a message, and what a handler raises to say what is to become of it."""


class MessagingError(Exception):
    """Base of the errors of this package."""


class UnroutedMessage(MessagingError):
    """`routing.json` does not name the message's type: a mistake of whoever emits it."""


class MessageTooLarge(MessagingError):
    """The message would not fit into a queue; refused where it is emitted, while somebody can be told."""


class InvalidMessage(MessagingError):
    """The body is not an envelope, or the payload not that of its type."""


class UnknownMessageType(MessagingError):
    """No class is registered for the type."""


class Retry(Exception):
    """Raised by a handler: not now, come again.

    `after_seconds` replaces the exponential backoff. A message that was received five times goes to the
    dead-letter queue; `max_receives` (at most 90) raises that for a wait that is known to be long.
    """

    def __init__(self, after_seconds: float | None = None, *, max_receives: int | None = None) -> None:
        super().__init__("retry")
        self.after_seconds = after_seconds
        self.max_receives = max_receives


class Permanent(Exception):
    """Raised by a handler: this will never work. `reason` goes with it into the dead-letter queue.

    Operators read the reason: keep addresses, tokens and field values out of it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AlreadyHandled(Exception):
    """Raised by `Context.record` when another delivery of the same message has committed its effect."""
