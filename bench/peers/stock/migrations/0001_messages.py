"""The one table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes it."""

    initial = True
    operations = [
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("room", models.CharField(max_length=64, db_index=True)),
                ("c", models.UUIDField(unique=True)),
                ("body", models.TextField()),
                ("made_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
