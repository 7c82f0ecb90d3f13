"""Where a push may be sent: an address is a member's word, so only the known push services are asked.

An allow-list by name needs no look-up, so that no answer of a name server can lead a request inside.
"""

from urllib.parse import urlsplit

from members.errors import Invalid

HOSTS = ("fcm.googleapis.com", "android.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com",
         "api.push.apple.com")
FAMILIES = (".push.services.mozilla.com", ".notify.windows.com", ".push.apple.com")
LOCAL = ("localhost", "127.0.0.1", "::1")


def check_endpoint(endpoint: str, *, local: bool = False) -> None:
    """Raise Invalid unless `endpoint` is an https address of a known push service.

    `local` also allows this machine, for demos and tests, which have no push service.
    """
    try:
        url = urlsplit(endpoint)
        host, port = (url.hostname or "").rstrip("."), url.port
    except ValueError:
        raise _refused() from None
    if local and host in LOCAL and url.scheme in ("http", "https") and not url.username:
        return
    known = host in HOSTS or host.endswith(FAMILIES)
    if not known or url.scheme != "https" or port not in (None, 443) or url.username or url.password:
        raise _refused()


def _refused() -> Invalid:
    return Invalid("endpoint", "This browser's push service is not one that we can use.")
