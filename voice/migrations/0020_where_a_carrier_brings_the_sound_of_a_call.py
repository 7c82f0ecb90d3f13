"""Where a carrier opens a socket to a media worker, and what lets it in.

A process of the version before registers a worker without an address: the column is empty by itself, and no call by that
carrier goes over a browser there.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A column with a default of the database, and a table."""

    dependencies = [("voice", "0019_what_slips_counted_before")]

    operations = [
        migrations.AddField("mediaworker", "stream_url", models.CharField(
            blank=True, default="", db_default="", max_length=200)),
        migrations.CreateModel("StreamToken", [
            ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
            ("attempt", models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="voice.attempt")),
            ("expires_at", models.DateTimeField(db_index=True)),
        ]),
    ]
