"""Do-not-call marks of numbers, which outlive the patient; and for how many attempts or calls a slip stands."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("members", "0003_notices"),
        ("voice", "0006_pauses_say_why_and_who_ended_them"),
    ]

    operations = [
        migrations.AddField("slip", "times", models.PositiveIntegerField(default=1, db_default=1)),
        migrations.CreateModel(
            name="DoNotCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number_index", models.CharField(max_length=43)),
                ("at", models.DateTimeField()),
                ("clinic", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+",
                                             to="members.clinic")),
            ],
            options={"constraints": [
                models.UniqueConstraint(fields=("clinic", "number_index"), name="voice_do_not_call_once")]},
        ),
    ]
