"""Shapes of the HTTP answers and questions about clinics. Instants are Unix milliseconds."""

from typing import Literal

from ninja import Field, Schema

RoleName = Literal["physician", "desk", "administrator"]


class ClinicShown(Schema):
    """A clinic in which one has a place; `member` is the id of that place. `evidence` is not shown."""

    id: str
    name: str
    country: str
    time_zone: str
    state: str
    role: str
    can_free_dial: bool
    member: str
    administrators: int


class InvitationToMe(Schema):
    """A clinic that one may join."""

    id: str
    clinic: str
    name: str
    role: str
    expires_at: int


class ClinicsShown(Schema):
    """One's own clinics, and those that one is invited to."""

    items: list[ClinicShown]
    invitations: list[InvitationToMe]


class ClinicWanted(Schema):
    """A clinic that the platform team is asked to verify. `country`: ISO 3166, two capital letters."""

    name: str = Field(max_length=200)
    country: str = Field(max_length=2)
    time_zone: str = Field(max_length=64)


class ClinicChanges(Schema):
    """What an administrator may change."""

    time_zone: str = Field(max_length=64)


class MemberShown(Schema):
    """Somebody's place in a clinic."""

    id: str
    name: str
    role: str
    can_free_dial: bool
    joined_at: int
    me: bool


class InvitationShown(Schema):
    """An email that may join; it says nothing of whether anybody has it."""

    id: str
    email: str
    role: str
    can_free_dial: bool
    expires_at: int


class MembersShown(Schema):
    """The members of a clinic; invitations are shown to administrators alone."""

    items: list[MemberShown]
    invitations: list[InvitationShown]


class MemberWanted(Schema):
    """Whom to invite, and as what."""

    email: str = Field(max_length=254)
    role: RoleName
    can_free_dial: bool = False


class MemberChanges(Schema):
    """What an administrator may change of a place; what is left out stays."""

    role: RoleName | None = None
    can_free_dial: bool | None = None


class ChoiceShown(Schema):
    """One thing that an heir is given only where it is chosen; `until`: its end, null: it has none."""

    id: str
    says: str
    until: int | None


class Touch(Schema):
    """Something that a member holds for a clinic, and what becomes of it when they are removed.

    `heir_roles`: in which roles a member whom `reassign` names takes it over; where there are `choices`, those alone
    that `pass_on` names. They are shown to administrators alone.
    """

    kind: str
    says: str
    count: int
    needs_heir: bool
    heir_roles: list[RoleName]
    choices: list[ChoiceShown]


class Touches(Schema):
    """All that removing a member touches."""

    items: list[Touch]
    last_administrator: bool


class Removal(Schema):
    """Who takes over what goes on, the id of another member's place; and of what may be chosen, by its ids, what."""

    reassign: str | None = None
    pass_on: list[str] = Field(default_factory=list, max_length=200)
