"""A pause has a reason, and who ended it stays with it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns; a process of the version before goes on with them."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("voice", "0005_numbers_that_the_carrier_checked"),
    ]
    operations = [
        migrations.AddField("callpause", "reason", models.CharField(blank=True, db_default="", max_length=200)),
        migrations.AddField("callpause", "ended_by", models.ForeignKey(
            blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
            to=settings.AUTH_USER_MODEL)),
    ]
