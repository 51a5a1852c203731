"""A page to try rules and policies out: where a complaint would go, what would be promised, and why not otherwise."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from complaints import priorities, trying
from complaints.models import Complaint
from complaints.models.complaints import Channel, Impact, Kind, Priority, Severity
from complaints.spans import written
from config.platform.admin_base import badge
from crm.models import Contact, Department, Product, Topic

VERDICTS = {
    "decides": ("decides", "good"), "comes_later": ("would, but comes later", "info"), "does_not_hold": ("does not hold", "plain"),
    "chosen": ("gets it", "good"), "after_another": ("after another", "info"), "not_in_team": ("not in the team", "plain"),
    "has_enough": ("has enough", "warn"),
}  # fmt: skip
DECIDED_BY = {
    "named": "It was named.", "rule": "A rule says so.", "topic": "No rule holds; it is the department of the topic.",
    "nothing": "No rule holds, and its topic has no department: nobody gets it.",
}  # fmt: skip


class TrialForm(forms.Form):
    """A complaint that might come. Everything may be left out."""

    kind = forms.ChoiceField(choices=Kind.choices, required=False)
    severity = forms.ChoiceField(choices=Severity.choices, required=False, initial=Severity.MEDIUM)
    impact = forms.ChoiceField(choices=Impact.choices, required=False)
    priority = forms.ChoiceField(choices=[("", "as usual"), *Priority.choices], required=False)
    channel = forms.ChoiceField(choices=Channel.choices, required=False)
    language = forms.CharField(max_length=10, required=False, widget=forms.TextInput(attrs={"size": 6}))
    topic = forms.ModelChoiceField(Topic.objects.filter(is_active=True).order_by("name"), required=False, empty_label="–")
    product = forms.CharField(max_length=64, required=False, label="Product (SKU)")
    tag = forms.CharField(max_length=50, required=False, label="Tag of the contact")
    department = forms.ModelChoiceField(
        Department.objects.filter(is_active=True).order_by("name"), required=False, empty_label="–", label="Department, if named"
    )
    at = forms.DateTimeField(
        required=False,
        label="Received",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
    )

    def clean_product(self) -> Product | None:
        sku = self.cleaned_data["product"].strip()
        found = Product.objects.filter(sku=sku).first() if sku else None
        if sku and found is None:
            raise forms.ValidationError("There is no product with this SKU.")
        return found

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and not trying.is_in_reach(at):
            raise forms.ValidationError("Ask for an instant between 1991 and 2099.")
        return at

    def complaint(self) -> Complaint:
        """The complaint that the form describes, not saved."""
        said = {name: value for name, value in self.cleaned_data.items() if value and name not in ("at", "tag")}
        complaint = Complaint(**said, contact=Contact(tags=[self.cleaned_data["tag"]]))
        complaint.priority = said.get("priority") or priorities.usual(complaint.severity, complaint.impact)
        return complaint


def show(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """The page; with an answer when something was asked."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    form = TrialForm(request.GET if request.GET else None)
    answer: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        answer = _answer(trying.try_out(form.complaint(), at=form.cleaned_data["at"] or timezone.now()))
    context = {**page.admin_site.each_context(request), "title": "Try a complaint", "form": form, **answer}
    return TemplateResponse(request, "admin/complaint_trial.html", context)


def _answer(trial: trying.Trial) -> dict[str, Any]:
    def shown(verdict: Any) -> Any:
        return badge(*VERDICTS[verdict.verdict])

    return {
        "trial": trial,
        "decided_by": DECIDED_BY[trial.routing.decided_by],
        "rules": [(one, shown(one)) for one in trial.routing.rules],
        "people": [(one, shown(one)) for one in trial.routing.people],
        "policies": [(one, shown(one)) for one in trial.policies],
        "clocks": [(clock, written(clock.target_s)) for clock in trial.clocks],
    }
