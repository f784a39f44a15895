"""A time-stamp client (RFC 3161 over HTTP) that speaks to the one server it was given.

The client that pyHanko brings follows redirections, that is, to servers that nobody configured.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from forensic_cli.errors import OutputError, UsageError

if TYPE_CHECKING:
    from pyhanko.sign.timestamps import TimeStamper

TIMEOUT_S = 30.0
_MAX_REPLY_BYTES = 1 << 20
_REPLY_TYPE = "application/timestamp-reply"
_HINT = "Try again, give another --timestamp-url, or none: `verify` then says that the clock is not attested."


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def time_stamper(url: str, timeout_s: float = TIMEOUT_S) -> TimeStamper:
    """A client for the server at `url`.

    Its requests raise `OutputError` where the server does not answer, or not with a time stamp.

    Raises:
        UsageError: the URL is not one of http or https with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url} is no address of a time-stamp server.", "Give an http:// or https:// URL.")

    from asn1crypto import tsp
    from pyhanko.sign.timestamps import TimeStamper
    from pyhanko.sign.timestamps.common_utils import handle_tsp_response

    class _Client(TimeStamper):
        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
            nonce, request = self.request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]
            reply = await asyncio.to_thread(_post, url, request.dump(), timeout_s)
            try:
                return handle_tsp_response(tsp.TimeStampResp.load(reply, strict=True), nonce)
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
                # pyHanko's error for a refusal is an OSError; a wrong nonce ends in an AttributeError.
                raise OutputError(f"The answer of {url} is no time stamp: {error}.", _HINT) from error

    return _Client()  # type: ignore[no-untyped-call]


def _post(url: str, body: bytes, timeout_s: float) -> bytes:
    opener = urllib.request.build_opener(_NoRedirection)
    request = urllib.request.Request(
        url, body, {"Content-Type": "application/timestamp-query", "Accept": _REPLY_TYPE}
    )
    try:
        with opener.open(request, timeout=timeout_s) as response:
            kind = response.headers.get_content_type()
            content: bytes = response.read(_MAX_REPLY_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise OutputError(f"The time-stamp server {url} does not answer: {reason}.", _HINT) from error
    if kind != _REPLY_TYPE or len(content) > _MAX_REPLY_BYTES:
        raise OutputError(f"The answer of {url} is no time stamp: it is {kind}, {len(content)} bytes.", _HINT)
    return content
