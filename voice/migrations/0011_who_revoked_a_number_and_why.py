"""Who revoked a number, and why, stays with it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns; a process of the version before goes on with them."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("voice", "0010_a_proving_call_is_known_by_the_carriers_id"),
    ]
    operations = [
        migrations.AddField("clinicnumber", "revoked_by", models.ForeignKey(
            null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
        migrations.AddField("clinicnumber", "revoked_why", models.CharField(blank=True, db_default="", max_length=200)),
    ]
