"""The consumer of Channels' tutorial, part 3, with the message saved by the ORM before it is sent on."""

from __future__ import annotations

import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from bench.peers.stock.models import Message


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """One socket in one room."""

    async def connect(self) -> None:
        """Join the room."""
        self.room = self.scope["url_route"]["kwargs"]["room_name"]
        self.group = f"chat_{self.room}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave it."""
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        """Save a message and tell the room."""
        said = json.loads(text_data)
        await database_sync_to_async(Message.objects.create)(room=self.room, c=said["c"], body=said["message"])
        await self.channel_layer.group_send(
            self.group, {"type": "chat.message", "c": said["c"], "message": said["message"]})

    async def chat_message(self, event: dict[str, Any]) -> None:
        """Send a message of the room to this socket."""
        await self.send(text_data=json.dumps({"c": event["c"], "message": event["message"]}))
