"""A number has one live slip at most."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("voice", "0008_marks_and_slips_of_before")]

    operations = [
        migrations.AddConstraint("slip", models.UniqueConstraint(
            fields=["clinic", "number_index"], name="voice_slip_live",
            condition=models.Q(state__in=("open", "claimed")) & ~models.Q(number_index=""))),
    ]
