"""Messages between services: outbox, relay, inbox, consumer.

Emit with `outbox.emit(session, message)` in the transaction of the change; consume by naming a handler per
message class in the service's `worker.build()`.
"""
