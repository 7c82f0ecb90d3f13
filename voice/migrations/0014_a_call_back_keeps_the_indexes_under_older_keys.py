"""A call that came in keeps the indexes of its caller under older keys too. Those of before have the one they have."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column; a process of the version before goes on without it."""

    dependencies = [("voice", "0013_one_live_slip_of_a_patient")]

    operations = [migrations.AddField("returncall", "older_indexes", models.JSONField(null=True))]
