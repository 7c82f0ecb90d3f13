"""What the chat stores."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Message(models.Model):
    """One message of one room."""

    objects: ClassVar[models.Manager[Message]] = models.Manager()

    room = models.CharField(max_length=64, db_index=True)
    c = models.UUIDField(unique=True)
    body = models.TextField()
    made_at = models.DateTimeField(auto_now_add=True)
