"""The far end of the AWS stand-in's mail: takes every mail over SMTP and keeps it in a directory."""

import asyncio
import socket
import threading

from aiosmtpd.smtp import SMTP, Envelope, Session

from local.edge.mailbox import MailDirectory

_LARGEST_MAIL_BYTES = 30 * 1024 * 1024


class Sink:
    """Accepts everything; delivers nothing."""

    def __init__(self, mails: MailDirectory) -> None:
        self._mails = mails

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the name is aiosmtpd's
        """Keeps one mail."""
        content = envelope.original_content or b""
        await asyncio.to_thread(self._mails.store, content, list(envelope.rcpt_tos))
        return "250 OK"


def start(listener: socket.socket, mails: MailDirectory) -> None:
    """Takes mails on `listener` in a thread of this process, for as long as it lives."""
    threading.Thread(target=_serve, args=(listener, Sink(mails)), name="mail-sink", daemon=True).start()


def _serve(listener: socket.socket, sink: Sink) -> None:

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(sink, data_size_limit=_LARGEST_MAIL_BYTES, loop=loop, ident="muster"), sock=listener
        )
        async with server:
            await server.serve_forever()

    asyncio.run(run())
