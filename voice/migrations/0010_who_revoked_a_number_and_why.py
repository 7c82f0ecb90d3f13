"""Who revoked a number, and why, stays with it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns; a process of the version before goes on with them."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("voice", "0009_one_live_slip_of_a_number"),
    ]
    operations = [
        migrations.AddField("clinicnumber", "revoked_by", models.ForeignKey(
            null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
        migrations.AddField("clinicnumber", "revoked_why", models.CharField(blank=True, db_default="", max_length=200)),
    ]
