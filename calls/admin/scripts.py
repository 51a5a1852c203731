"""Runs of scripts: what was said in a call, and how closely the script was kept to. Nobody writes them here."""

from django.contrib import admin

from calls.models import ScriptRun, ScriptRunStep
from calls.script_adherence import share
from config.platform.admin_base import ReadOnlyAdmin


@admin.register(ScriptRun)
class ScriptRunAdmin(ReadOnlyAdmin):
    """Which script was gone through in which call."""

    list_display = ["script_version", "agent", "started_at", "outcome", "adherence", "off_script", "is_complete"]
    list_select_related = ["script_version__script", "agent"]
    ordering = ["-started_at", "-id"]
    sortable_by: list[str] = []
    fields = [
        ("script_version", "agent", "call"), ("started_at", "finished_at", "outcome"), ("due", "passed", "off_script"),
        ("is_in_order", "is_complete"), "steps_passed",
    ]  # fmt: skip
    readonly_fields = ["steps_passed"]

    @admin.display(description="adherence")
    def adherence(self, run: ScriptRun) -> str:
        kept = share(run.passed, run.due)
        return "–" if kept is None else f"{kept:.0%}"

    @admin.display(description="steps passed")
    def steps_passed(self, run: ScriptRun) -> str:
        said = [
            f"{one.sequence}. {one.step.key}{f': {one.answer}' if one.answer is not None else ''}"
            + (" (jump)" if one.move == "off_script" else "")
            for one in run.steps.select_related("step")
        ]
        return "\n".join(said) or "–"


@admin.register(ScriptRunStep)
class ScriptRunStepAdmin(ReadOnlyAdmin):
    """Single passings of steps."""

    list_display = ["run", "sequence", "step", "move", "at"]
    list_select_related = ["run__script_version__script", "run__agent", "step"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [("run", "sequence", "step"), ("at", "move", "is_written"), "answer"]
