"""Shapes of the HTTP answers and questions of `members`. Instants are Unix milliseconds, ids opaque words."""

from datetime import time
from typing import Annotated

from ninja import Field, Schema
from pydantic import AfterValidator


def _on_the_wall(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("a time of the wall clock, without an offset")
    return at


WallTime = Annotated[time, AfterValidator(_on_the_wall)]


class Problem(Schema):
    """Any answer that is not a success: a word for programs, a sentence for people."""

    code: str
    msg: str
    retry: bool = False
    d: dict[str, object] | None = None


class Quiet(Schema):
    """Quiet hours on the member's own wall clock, over midnight where `to` is earlier."""

    from_: WallTime = Field(alias="from")
    to: WallTime


class QuietShown(Schema):
    """Quiet hours as "22:00" and "07:00"."""

    from_: str = Field(alias="from")
    to: str


class AvailabilityShown(Schema):
    """Whether questions are taken; `alertable` says whether a device of the member can be woken."""

    on: bool
    until: int | None
    specialties: list[str]
    reason: str | None
    alertable: bool
    quiet_now: bool
    offers_left: int


class AvailabilityWanted(Schema):
    """Switch on for these specialties (one's own where none are named), or off."""

    on: bool
    specialties: list[str] | None = None


class Me(Schema):
    """The member's own view of themselves. `outbox_key` ends with the session: drafts on the device are under it."""

    email: str
    name: str
    role: str
    specialty: str
    subspecialty: str
    region: str
    languages: list[str]
    time_zone: str
    verified: bool
    clinical: bool
    staff: bool
    inbox: str
    outbox_key: str
    quiet: QuietShown | None
    daily_budget: int
    offers_today: int
    availability: AvailabilityShown
    demo: bool


class MeChanges(Schema):
    """What a member may change. A field that is left out stays; `quiet: null` removes quiet hours."""

    languages: list[str] = Field(default_factory=list, max_length=40)
    time_zone: str = ""
    quiet: Quiet | None = None
    daily_budget: int = Field(default=0, ge=0, le=200)


class TicketShown(Schema):
    """What to say in ``hello``; it ends at `expires_at` (Unix seconds), in `expires_in` seconds."""

    ticket: str
    expires_at: int
    expires_in: int


class SubspecialtyShown(Schema):
    """A subspecialty by code and name."""

    code: str
    name: str


class SpecialtyShown(Schema):
    """A specialty: what its physicians are called, its neighbours, its subspecialties."""

    code: str
    name: str
    doctor: str
    related: list[str]
    subspecialties: list[SubspecialtyShown]


class LanguageShown(Schema):
    """A language by its ISO 639-1 code."""

    code: str
    name: str


class TokenWanted(Schema):
    """A name for the token, and after how many days it ends."""

    name: str
    days: int = 90


class TokenShown(Schema):
    """A token without its secret."""

    id: str
    name: str
    created_at: int
    expires_at: int
    last_used_at: int | None
    current: bool


class TokenMade(TokenShown):
    """A new token; `token` is shown this once."""

    token: str


class PushKeys(Schema):
    """Keys of a push subscription, base64url."""

    p256dh: str = Field(max_length=120)
    auth: str = Field(max_length=40)


class DeviceWanted(Schema):
    """A push subscription as the browser gives it, and a label for the list of devices."""

    endpoint: str
    keys: PushKeys
    label: str = ""


class DeviceShown(Schema):
    """A device that can be woken."""

    id: str
    label: str
    added_at: int
    current: bool


class PushKey(Schema):
    """The application server's public key for ``PushManager.subscribe``."""

    key: str


class SessionShown(Schema):
    """A browser or phone that is signed in."""

    id: str
    current: bool
    created_at: int
    last_seen_at: int
    browser: str
    address: str


class Person(Schema):
    """Somebody whom a demo lets one sign in as."""

    who: str
    name: str
    role: str
    specialty: str
    place: str


class DemoShown(Schema):
    """The people of a demo."""

    people: list[Person]
    banner: str


class DemoSignIn(Schema):
    """Whom to be; `beside` gives a token for one window and leaves the browser's session alone."""

    who: str
    beside: bool = False


class DemoSignedIn(Schema):
    """Who one is now; `token` only where it was asked for by `beside`."""

    name: str
    token: str | None = None
