"""A proving call is known by the carrier's id of its leg, so that the carrier's list can be held against it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("voice", "0009_one_live_slip_of_a_number")]

    operations = [
        # The default stands in the database: the version before, which serves meanwhile, does not name the column.
        migrations.AddField("proof", "carrier_id", models.CharField(max_length=64, blank=True, db_default="", default="")),
    ]
