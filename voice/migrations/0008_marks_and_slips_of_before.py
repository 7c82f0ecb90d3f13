"""Numbers of patients who are marked get their mark; of several live slips of one number the newest stays."""

from typing import Any

from django.db import migrations
from django.utils import timezone

LIVE = ("open", "claimed")


def carry_over(apps: Any, schema_editor: Any) -> None:
    """Write the marks, and let the older slips expire."""
    patients = apps.get_model("voice", "Patient").objects.filter(do_not_call=True)
    mark = apps.get_model("voice", "DoNotCall")
    for clinic, *indexes in patients.values_list("clinic", "number_index", "second_index").iterator():
        for index in set(indexes) - {""}:
            mark.objects.get_or_create(clinic_id=clinic, number_index=index, defaults={"at": timezone.now()})
    slips = apps.get_model("voice", "Slip").objects
    seen: set[tuple[Any, str]] = set()
    for slip in slips.filter(state__in=LIVE).exclude(number_index="").order_by("-made_at", "-pk").iterator():
        key = (slip.clinic_id, slip.number_index)
        if key in seen:
            slips.filter(pk=slip.pk).update(state="expired")
        seen.add(key)


class Migration(migrations.Migration):

    dependencies = [("voice", "0007_do_not_call_and_what_a_slip_counts")]

    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
