"""A slip counts what we tried and what they called apart; before, one number was of either, as its kind said."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns. The one of before stays in the tables, unread, for processes of the version before."""

    dependencies = [("voice", "0017_media_workers_and_their_calls")]

    operations = [
        migrations.AddField("slip", "attempts", models.PositiveIntegerField(default=0, db_default=0)),
        migrations.AddField("slip", "their_calls", models.PositiveIntegerField(default=0, db_default=0)),
    ]
