"""The database itself refuses to change or remove a call record, whoever asks. TRUNCATE does not fire row triggers."""

from django.db import migrations

SQLITE = {
    "voice_record_kept_update": "BEFORE UPDATE ON voice_callrecord",
    "voice_record_kept_delete": "BEFORE DELETE ON voice_callrecord",
}
POSTGRESQL = """
CREATE FUNCTION voice_record_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only a test, whose database is emptied between two tests, says so in its connection.
    IF TG_OP = 'TRUNCATE' AND current_setting('curbside.truncate', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'call records are append-only';
END $$;
CREATE TRIGGER voice_record_kept BEFORE UPDATE OR DELETE ON voice_callrecord
    FOR EACH ROW EXECUTE FUNCTION voice_record_kept();
CREATE TRIGGER voice_record_kept_whole BEFORE TRUNCATE ON voice_callrecord
    FOR EACH STATEMENT EXECUTE FUNCTION voice_record_kept();
"""
POSTGRESQL_BACK = """
DROP TRIGGER voice_record_kept ON voice_callrecord;
DROP TRIGGER voice_record_kept_whole ON voice_callrecord;
DROP FUNCTION voice_record_kept();
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
        return
    for name, when in SQLITE.items():
        schema_editor.execute(
            f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, 'call records are append-only'); END"
        )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_BACK)
        return
    for name in SQLITE:
        schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("voice", "0003_incoming")]
    operations = [migrations.RunPython(guard, unguard)]
