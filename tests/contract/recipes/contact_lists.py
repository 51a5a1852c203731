"""Recipes of lists of contacts."""

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.campaigns import ContactListFactory, ContactListMemberFactory
from tests.factories.crm import ContactFactory


@recipe("contact_lists_list", "contact_lists_retrieve", "contact_lists_destroy")
def a_list() -> Asked:
    return Asked(ContactListFactory())


@recipe("contact_lists_members")
def its_members() -> Asked:
    return Asked(ContactListMemberFactory().contact_list)


@recipe("contact_lists_create")
def new_list() -> Asked:
    ContactFactory(lifecycle="client")
    return Asked(body={"name": "Guests of the fair", "about": "From the stand.", "query": {"lifecycle": "client"}})


@recipe("contact_lists_partial_update")
def renamed() -> Asked:
    return Asked(ContactListFactory(), {"name": "Guests of the spring fair"})


@recipe("contact_lists_add_members")
def some_more() -> Asked:
    return Asked(ContactListFactory(), {"contacts": [str(ContactFactory().pk)], "phones": ["+74950000001"]})


@recipe("contact_lists_remove_members")
def some_less() -> Asked:
    member = ContactListMemberFactory()
    return Asked(member.contact_list, {"contacts": [str(member.contact_id)], "phones": ["+74950000001"]})
