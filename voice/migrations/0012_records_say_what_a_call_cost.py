"""A record says what the call cost. A column that may be empty is added in place, so that the triggers stay."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column; a process of the version before goes on without it."""

    dependencies = [("voice", "0011_who_revoked_a_number_and_why")]
    operations = [migrations.AddField("callrecord", "cents", models.PositiveIntegerField(null=True))]
