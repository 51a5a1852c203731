"""Forms that know which version of the row they were opened with: what somebody else saved meanwhile is not taken back."""

from typing import Any

from django import forms


class SeenVersionForm(forms.ModelForm):
    """Carries ``seen_version`` along, hidden: name it among the fields of the page. A row that was changed since is refused, with the form kept."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["seen_version"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        seen = given.get("seen_version")
        if not self.instance._state.adding and seen is not None and seen != self.instance.version:
            raise forms.ValidationError("Somebody else saved this in the meantime: open it again.", code="version_conflict")
        return given
