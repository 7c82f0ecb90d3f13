"""What a slip counted goes where its kind says, and the column that held both is named no more."""

from django.db import migrations
from django.db.models import F
from typing import Any


def carry_over(apps: Any, schema_editor: Any) -> None:
    """Take the counts over."""
    slips = apps.get_model("voice", "Slip").objects
    slips.filter(kind="outgoing").update(attempts=F("times"))
    slips.filter(kind="incoming").update(their_calls=F("times"))


class Migration(migrations.Migration):
    """The column itself has a default in the database, so that rows which do not name it can be stored."""

    dependencies = [("voice", "0018_a_slip_counts_attempts_and_their_calls_apart")]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("slip", "times")]),
    ]
