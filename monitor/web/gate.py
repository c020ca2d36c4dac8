"""Who is let in: whoever opened the address with the token, in a browser that was led astray by nobody. Pure.

A page of somebody else's, open in the same browser, can send requests here and has them bear our cookie if it is served
from another port of this machine, for cookies know no ports. So beside the cookie

- the Host has to be ours, or a name that was made to lead here (DNS rebinding) would be as good as ours;
- the Origin, where one is told, has to be ours, and a WebSocket has to tell one;
- the cookie is only ever sent to a path that is drawn anew for each run: another server on this machine, to which the
  browser sends all cookies of this machine, does not get to see it.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COOKIE: Final = "pump-monitor"
_USUAL: Final = 80  # the port that browsers do not name
_SECRET_BYTES: Final = 32
_PATH_BYTES: Final = 16

FOREIGN: Final = "this server answers to its own address alone, and to its own pages"
WHERE_TO: Final = "open the address that pump-monitor web has printed; it is another one in each run"
NOT_OURS: Final = "a WebSocket is for the page that this server has sent"


class Secrets(NamedTuple):
    """What is drawn for one run.

    Attributes:
        token: is in the address that is printed.
        cookie: is what the browser is given for it.
        path: of the pages, without slashes.
    """

    token: str
    cookie: str
    path: str


def draw(urlsafe: Callable[[int], str]) -> Secrets:
    """Draw secrets from `secrets.token_urlsafe`, or what stands in for it."""
    return Secrets(urlsafe(_SECRET_BYTES), urlsafe(_SECRET_BYTES), urlsafe(_PATH_BYTES))


class Gate:
    """Judges requests by their headers.

    Args:
        address: the one that the server listens on.
        port: as above.
        secrets: of this run.

    Attributes:
        folder: the path of the pages.
        address: to be opened, with the token.
        websockets: where the pages may open one, as a content security policy has it.
    """

    def __init__(self, address: str, port: int, secrets: Secrets) -> None:
        self._secrets = secrets
        names = (f"[{address}]" if ":" in address else address, "localhost")
        self._hosts = {f"{name}:{port}" for name in names}
        if port == _USUAL:
            self._hosts.update(names)
        # Not every browser takes a WebSocket of ours for ours by 'self'; of an IPv6 address a policy knows nothing.
        self.websockets = " ".join(sorted(f"ws://{name}" for name in self._hosts if name[0] != "["))
        self.folder = f"/{secrets.path}/"
        self.address = f"http://{names[0]}:{port}/?token={secrets.token}"

    def foreign(self, hosts: Sequence[str], origins: Sequence[str], *, websocket: bool) -> str:
        """Return why a request is none of our pages', by its Host and Origin headers; empty where it may be."""
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return FOREIGN
        if websocket and not origins:
            return NOT_OURS
        return "" if all(one == f"http://{hosts[0]}" for one in origins) and len(origins) <= 1 else FOREIGN

    def has_token(self, token: str) -> bool:
        """Tell whether this is the token."""
        return _same(token, self._secrets.token)

    def has_cookie(self, cookie: str) -> bool:
        """Tell whether this is the cookie."""
        return _same(cookie, self._secrets.cookie)

    @property
    def cookie(self) -> str:
        """What a browser is given for the token."""
        return self._secrets.cookie


def _same(said: str, wanted: str) -> bool:
    """Compare in a time that tells nothing of how much is right."""
    return hmac.compare_digest(said.encode(errors="surrogateescape"), wanted.encode())
