"""Calls over a browser: which worker owns one, what it is asked, the signals between, and how the sound was.

What is waiting stays the carriers': the column says so by itself. A process of the version before goes on without all of
it, as long as no media worker runs beside it.
"""

import django.db.models.deletion
from django.db import migrations, models

import realtime.models


class Migration(migrations.Migration):
    """Columns with a default of the database or empty, two tables, and the index by plane in place of the one before."""

    dependencies = [("voice", "0016_a_leg_of_the_loopback_says_when_it_was_answered")]

    operations = [
        migrations.AddField("call", "worker", models.CharField(max_length=22, null=True)),
        migrations.AddField("attempt", "media", models.JSONField(null=True)),
        migrations.AddField("action", "plane", models.CharField(max_length=16, default="carrier", db_default="carrier")),
        migrations.RemoveIndex("action", "voice_action_waiting"),
        migrations.AddIndex("action", models.Index(
            fields=["plane", "due_at"], name="voice_action_waiting", condition=models.Q(state="waiting"))),
        migrations.CreateModel("MediaSignal", [
            ("id", models.CharField(default=realtime.models.new_id, max_length=22, primary_key=True, serialize=False)),
            ("call", models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="signals", to="voice.call")),
            ("n", models.PositiveSmallIntegerField()),
            ("peer", models.PositiveIntegerField()),
            ("offer", models.BinaryField(null=True)),
            ("answer", models.BinaryField(null=True)),
            ("error", models.CharField(blank=True, max_length=32)),
            ("made_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField(db_index=True)),
        ], options={"constraints": [
            models.UniqueConstraint(fields=("call", "n", "peer"), name="voice_signal_once")]}),
        migrations.CreateModel("MediaWorker", [
            ("id", models.CharField(default=realtime.models.new_id, max_length=22, primary_key=True, serialize=False)),
            ("name", models.CharField(blank=True, max_length=64)),
            ("began_at", models.DateTimeField()),
            ("beat_at", models.DateTimeField(db_index=True)),
            ("draining", models.BooleanField(default=False)),
            ("calls", models.PositiveIntegerField(default=0)),
        ]),
    ]
