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
