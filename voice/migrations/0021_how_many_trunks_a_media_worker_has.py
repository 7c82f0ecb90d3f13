"""How many SIP trunks a media worker has, and to how many of them it is connected."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns with a default of the database, so that a worker of the version before can go on beating."""

    dependencies = [("voice", "0020_where_a_carrier_brings_the_sound_of_a_call")]

    operations = [
        migrations.AddField("mediaworker", "trunks", models.PositiveSmallIntegerField(default=0, db_default=0)),
        migrations.AddField("mediaworker", "trunks_up", models.PositiveSmallIntegerField(default=0, db_default=0)),
    ]
