"""The loopback carrier's list says how long a leg lasted. A column that may be empty, added in place."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column; a process of the version before goes on without it."""

    dependencies = [("voice", "0015_a_time_to_try_again_can_be_done")]
    operations = [migrations.AddField("loopbackleg", "answered_at", models.DateTimeField(null=True))]
