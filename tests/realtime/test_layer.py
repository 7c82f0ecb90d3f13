"""The channel layer: members' groups carry codes only, and reach the hub of this process; other groups are stock."""

from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import get_channel_layer

from realtime import bus
from realtime.layer import checked, member_group


class Ears:
    """A hub that only listens."""

    def __init__(self) -> None:
        self.notes: list[bus.Note] = []

    def heard(self, rings: Any) -> None:
        raise AssertionError("nobody rings here")

    def told(self, note: bus.Note) -> None:
        self.notes.append(note)


@pytest.fixture
def ears() -> Iterator[Ears]:
    made = Ears()
    bus.attach(made)
    yield made
    bus.detach(made)


async def test_what_is_sent_to_a_member_reaches_the_hub(ears: Ears) -> None:
    layer: Any = get_channel_layer()
    await layer.group_send(member_group("m1"), {"type": "member.signal", "k": "call.rings", "d": {"n": 3}})
    assert ears.notes == [(member_group("m1"), "me", "call.rings", {"n": 3})]


async def test_other_groups_work_as_every_channels_developer_expects(ears: Ears) -> None:
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("news", channel)
    await layer.group_send("news", {"type": "news.item", "text": "anything"})
    assert await layer.receive(channel) == {"type": "news.item", "text": "anything"}
    assert ears.notes == []


def test_a_group_does_not_show_who_the_member_is() -> None:
    assert "planted" not in member_group("planted-member")
    assert member_group("a") != member_group("b")


@pytest.mark.parametrize("message", [
    {"type": "other", "k": "x"}, {"type": "member.signal"}, {"type": "member.signal", "k": "two words"},
    {"type": "member.signal", "k": "x", "d": {"text": "Maria Lopez called"}},
    {"type": "member.signal", "k": "x", "d": ["x"]}, {"type": "member.signal", "k": "x", "d": {"a": {"b": 1}}},
    {"type": "member.signal", "k": "x", "r": "+1 617 555 0100"},
])
def test_text_is_refused_since_it_would_pass_through_redis(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="member"):
        checked("member.x", message)
