"""Whoever was to try a call again can say that it is done. A column that may be empty, added in place."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column; a process of the version before goes on without it."""

    dependencies = [("voice", "0014_a_call_back_keeps_the_indexes_under_older_keys")]
    operations = [migrations.AddField("calloutcome", "retry_done_at", models.DateTimeField(null=True))]
