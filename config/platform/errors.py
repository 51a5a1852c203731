"""How a rule says no. One base class; its HTTP face is added in config.api.problems and nowhere else."""

from typing import ClassVar


class Refusal(Exception):
    """A business rule refused the request; nothing was changed.

    Subclasses live beside the function that raises them. ``code`` is part of the API: stable, documented, never reused.
    ``advice`` says in a sentence or two what the caller should do now; every class has its own. The page of the code shows it.
    ``facts`` go into the answer beside the standard members of the problem, so they must be JSON-able.
    ``retry_after_s`` above 0 tells the caller when the same request may succeed.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    advice: ClassVar[str] = ""
    retry_after_s: ClassVar[int] = 0

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts
