"""The rules of a consult, without a database: who may do what, and what an end means."""

from __future__ import annotations

import pytest

from consults.domain import (
    ADVICE,
    MAY,
    Act,
    End,
    Outcome,
    Role,
    State,
    Urgency,
    advice_for,
    bucket,
    can_reopen,
    check_may,
    check_outcome,
)
from realtime.protocol import Refusal


def test_every_state_and_role_is_in_the_table() -> None:
    assert set(MAY) == {(state, role) for state in State for role in Role}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", list(Act))
def test_what_is_not_in_the_table_is_refused_with_a_sentence(act: Act, role: Role, state: State) -> None:
    if act in MAY[state, role]:
        check_may(act, state, role)
        return
    with pytest.raises(Refusal) as caught:
        check_may(act, state, role)
    assert caught.value.code == ("closed" if state is State.ENDED else "refused")
    assert caught.value.msg.endswith(".")


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.PARTLY, Outcome.REDIRECTED])
def test_silence_never_counts_as_answered(outcome: Outcome) -> None:
    with pytest.raises(Refusal) as caught:
        check_outcome(outcome, answerer_wrote=False)
    assert caught.value.code == "consult.no_reply_yet"
    check_outcome(outcome, answerer_wrote=True)
    check_outcome(Outcome.UNANSWERED, answerer_wrote=False)


def test_an_end_that_left_the_question_open_comes_with_advice() -> None:
    for urgency in Urgency:
        assert advice_for(End.NOBODY, urgency)
        assert set(advice_for(End.NOBODY, urgency)) <= set(ADVICE)
        assert advice_for(End.ANSWERED, urgency) == ()
    assert advice_for(End.NOBODY, Urgency.NOW)[0] == "emergency_team"


def test_only_what_had_an_answerer_can_be_reopened() -> None:
    assert [end for end in End if can_reopen(end)] == [End.ANSWERED, End.NO_REPLY]


@pytest.mark.parametrize(("count", "name"), [(0, "none"), (1, "1-2"), (2, "1-2"), (3, "3-9"), (9, "3-9"), (10, "10+")])
def test_small_numbers_of_people_are_said_in_buckets(count: int, name: str) -> None:
    assert bucket(count) == name
