from django.db import migrations

GUARD = """
CREATE FUNCTION platform_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('switchboard.audit_upkeep', true) = 'on' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'audit events are never changed' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON platform_auditevent
    FOR EACH ROW EXECUTE FUNCTION platform_audit_is_append_only();
"""
UNGUARD = """
DROP TRIGGER audit_is_append_only ON platform_auditevent;
DROP FUNCTION platform_audit_is_append_only();
"""


class Migration(migrations.Migration):
    """Who did what stays as it was written; retention and erasure say ``SET LOCAL switchboard.audit_upkeep = 'on'``."""

    dependencies = [("platform", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
