"""What `members` refuses, in words for the one who asked. Codes are dotted; nothing here names another member."""

from realtime.protocol import Refusal


class NotFound(Refusal):
    """It does not exist, or is not open to this member: one answer for both."""

    def __init__(self) -> None:
        super().__init__("not_found", "This does not exist, or is not open to you.")


class NotClinician(Refusal):
    """Only a verified clinician who is not suspended may do this."""

    def __init__(self) -> None:
        super().__init__("not_verified", "This is open once your three checks stand.")


class Invalid(Refusal):
    """A value that a form cannot take. `field` names the one to correct."""

    def __init__(self, field: str, msg: str) -> None:
        super().__init__("invalid", msg, d={"field": field})


class TooMany(Refusal):
    """A member holds as many of these as one may."""

    def __init__(self, msg: str) -> None:
        super().__init__("too_many", msg)


class NotVerifiedClinic(Refusal):
    """The platform team has not verified the clinic, or has suspended it."""

    def __init__(self) -> None:
        super().__init__("clinic.not_verified", "The platform team has not verified this clinic, or has suspended it.")


class LastAdministrator(Refusal):
    """Nobody would be left who can answer for the clinic."""

    def __init__(self) -> None:
        super().__init__("clinic.last_administrator", "You are the last administrator. Make somebody else one first.")


class ToReassign(Refusal):
    """What somebody holds for a clinic has to be passed on before they leave. `kinds` says what."""

    def __init__(self, kinds: list[str]) -> None:
        super().__init__("clinic.reassign", "Choose who takes over what this member holds.", d={"kinds": kinds})
