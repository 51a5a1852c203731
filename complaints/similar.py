"""Part PEOPLE writes this file; until then nothing is indexed."""

from complaints.models import Complaint


def index(complaint: Complaint) -> None:
    """Write the words by which a complaint is found."""
