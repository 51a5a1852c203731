"""Amounts of a complaint: what is claimed and what is given stand in one currency."""

from complaints.models import Complaint
from config.platform.errors import Refusal
from crm import pricing


class CurrenciesDiffer(Refusal):
    """All amounts of a complaint are in one currency, and it has another one: `currency` names it."""

    code = "currencies_differ"
    advice = "Send amounts in the `currency` that the answer names, or leave the currency out."


def set_currency(complaint: Complaint, currency: str = "") -> None:
    """Set the currency of the amounts that were just set: the one named, else the one it has, else that of its order.

    Raises:
        CurrenciesDiffer: both amounts are there, and stand in another one.
        CurrencyUnknown, CurrencyNotKept
    """
    both = complaint.amount_claimed is not None and complaint.redress_amount is not None
    if currency and both and complaint.currency and currency != complaint.currency:
        raise CurrenciesDiffer(f"Its amounts are in {complaint.currency}.", currency=complaint.currency)
    complaint.currency = currency or complaint.currency or (complaint.order.currency if complaint.order is not None else "")
    if complaint.currency:
        pricing.digits_of(complaint.currency)
