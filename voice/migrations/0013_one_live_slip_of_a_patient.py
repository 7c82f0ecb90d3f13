"""A patient has one live slip of a number at most; before, a number had. What was so is so: no row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The narrower constraint goes when the wider one stands."""

    dependencies = [("voice", "0012_records_say_what_a_call_cost")]

    operations = [
        migrations.AddConstraint("slip", models.UniqueConstraint(
            fields=["clinic", "number_index", "patient"], name="voice_slip_live_of_patient",
            condition=models.Q(state__in=("open", "claimed")) & ~models.Q(number_index=""))),
        migrations.RemoveConstraint("slip", "voice_slip_live"),
    ]
