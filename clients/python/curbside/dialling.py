"""Opens the socket: the one place of this library that knows how."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from curbside import frames

LARGEST_MESSAGE = 4 * 1024 * 1024
DIAL_S = 10.0


class NotDialled(Exception):
    """No socket: `code` is the HTTP status, or 1006 where nobody answered."""

    def __init__(self, code: int, message: str) -> None:
        """Say why."""
        super().__init__(message)
        self.code, self.message = code, message


def socket_address(url: str) -> str:
    """Where the socket of an installation is."""
    parts = urlsplit(url)
    return urlunsplit(("wss" if parts.scheme == "https" else "ws", parts.netloc, "/ws", "", ""))


async def dial(address: str) -> ClientConnection:
    """Open a socket.

    Raises: NotDialled.
    """
    try:
        return await connect(
            address,
            subprotocols=[frames.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            max_size=LARGEST_MESSAGE,
            ping_interval=None,
            open_timeout=DIAL_S,
            close_timeout=2,
        )
    except InvalidStatus as error:
        raise NotDialled(error.response.status_code, "the server refused the socket") from None
    except (OSError, TimeoutError, InvalidHandshake, ValueError, TypeError, EOFError):
        raise NotDialled(frames.CLOSE_ABNORMAL, "the server cannot be reached") from None
