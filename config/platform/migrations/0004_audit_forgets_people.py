from django.db import migrations

NARROW = """
CREATE OR REPLACE FUNCTION platform_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('switchboard.audit_upkeep', true) = 'on'
        AND to_jsonb(NEW) - 'changes' - 'facts' - 'reason' = to_jsonb(OLD) - 'changes' - 'facts' - 'reason' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit events are never changed' USING ERRCODE = 'insufficient_privilege';
END $$;
"""
WIDE = """
CREATE OR REPLACE FUNCTION platform_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('switchboard.audit_upkeep', true) = 'on' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'audit events are never changed' USING ERRCODE = 'insufficient_privilege';
END $$;
"""


class Migration(migrations.Migration):
    """The door for erasures is narrow: what was said of a person may be forgotten; that, when and by whom it was said stays."""

    dependencies = [("platform", "0003_scopes_of_the_catalogue")]
    operations = [migrations.RunSQL(NARROW, WIDE)]
