"""Contacts and what hangs on them. Names are believable, numbers reach nobody, and the n-th of anything is always the same."""

from random import Random

import factory

from config.platform.models import Role
from crm import believable, searching
from crm.models import (
    Contact,
    ContactAddress,
    ContactEmail,
    ContactPhone,
    CustomField,
    Department,
    Import,
    ImportRow,
    NameWord,
    Note,
    PhoneNumber,
    Team,
    Topic,
)
from crm.phone_numbers import reversed_digits
from tests.factories.platform import UserFactory

PEOPLE = [draft for _, draft in zip(range(700), believable.people(Random(2)), strict=False)]
COMPANIES = list(believable.companies(Random(3)))


class DepartmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Department

    name = factory.Sequence(lambda n: f"{('Service', 'Delivery', 'Billing', 'Warranty')[n % 4]} {n}")


class TeamFactory(factory.django.DjangoModelFactory):
    """``TeamFactory(members=[…])``."""

    class Meta:
        model = Team
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"{('Morning', 'Evening', 'Night')[n % 3]} shift {n}")

    @factory.post_generation
    def members(self, create, extracted, **kwargs):
        if create and extracted:
            self.members.set(extracted)


class TopicFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Topic

    code = factory.Sequence(lambda n: f"topic-{n}")
    name = factory.Sequence(lambda n: f"{('Delivery is late', 'Invoice', 'Return', 'Opening hours')[n % 4]} {n}")


class CustomFieldFactory(factory.django.DjangoModelFactory):
    """A text field; ``CustomFieldFactory(type="choice", choices=["gold", "silver"])``."""

    class Meta:
        model = CustomField

    key = factory.Sequence(lambda n: f"field_{n}")
    label = factory.Sequence(lambda n: f"Field {n}")
    type = CustomField.Type.TEXT


class PhoneNumberFactory(factory.django.DjangoModelFactory):
    """A number that belongs to nobody: +7 495 0xx-xx-xx."""

    class Meta:
        model = PhoneNumber
        django_get_or_create = ("e164",)

    e164 = factory.Sequence(lambda n: f"+7495{n % 1_000_000:07d}")
    reversed = factory.LazyAttribute(lambda phone: reversed_digits(phone.e164))
    raw_first_seen = factory.SelfAttribute("e164")
    line_type = PhoneNumber.LineType.FIXED
    region = "RU"
    time_zone = "Europe/Moscow"


class ContactFactory(factory.django.DjangoModelFactory):
    """A person without a phone. Traits: ``company``, ``lead`` (a number and nothing else); ``phones=["+7495…", …]`` gives numbers."""

    class Meta:
        model = Contact
        skip_postgeneration_save = True

    class Params:
        company = factory.Trait(
            kind=Contact.Kind.COMPANY,
            surname="",
            name="",
            patronymic="",
            company_name=factory.Sequence(lambda n: COMPANIES[n % len(COMPANIES)].company_name),
        )
        lead = factory.Trait(surname="", name="", patronymic="", lifecycle=Contact.Lifecycle.LEAD, phones=True)

    kind = Contact.Kind.PERSON
    surname = factory.Sequence(lambda n: PEOPLE[n % len(PEOPLE)].surname)
    name = factory.Sequence(lambda n: PEOPLE[n % len(PEOPLE)].name)
    patronymic = factory.Sequence(lambda n: PEOPLE[n % len(PEOPLE)].patronymic)
    language = factory.Sequence(lambda n: PEOPLE[n % len(PEOPLE)].language)
    lifecycle = Contact.Lifecycle.CLIENT
    company_name = ""
    search_key = factory.LazyAttribute(
        lambda contact: searching.key_of(contact.surname, contact.name, contact.patronymic, contact.company_name)
    )

    @factory.post_generation
    def phones(self, create, extracted, **kwargs):
        if not create or not extracted:
            return
        numbers = [PhoneNumberFactory().e164] if extracted is True else extracted
        for order, e164 in enumerate(numbers):
            ContactPhoneFactory(contact=self, phone=PhoneNumberFactory(e164=e164), is_primary=order == 0, order=order)

    @factory.post_generation
    def words(self, create, extracted, **kwargs):
        if create:
            searching.remember_words(self.search_key.split())


class ContactPhoneFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactPhone

    contact = factory.SubFactory(ContactFactory)
    phone = factory.SubFactory(PhoneNumberFactory)
    label = ContactPhone.Label.WORK
    is_primary = True


class ContactEmailFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactEmail

    contact = factory.SubFactory(ContactFactory)
    email = factory.Sequence(lambda n: f"somebody{n}@example.com")


class ContactAddressFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactAddress

    contact = factory.SubFactory(ContactFactory)
    street = factory.Sequence(lambda n: f"ул. Лесная {n + 1}")
    city = "Москва"
    country = "RU"


class NoteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Note

    contact = factory.SubFactory(ContactFactory)
    text = factory.Sequence(lambda n: f"Call back after {n % 12 + 8} o'clock.")
    by = factory.SubFactory(UserFactory, role=Role.AGENT)


class NameWordFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = NameWord
        django_get_or_create = ("word",)

    word = factory.Sequence(lambda n: f"word{n}")


class ImportFactory(factory.django.DjangoModelFactory):
    """An import whose rows have their verdicts. It has no file on the disk."""

    class Meta:
        model = Import

    status = Import.Status.READY
    filename = factory.Sequence(lambda n: f"customers-{n}.csv")
    file = factory.LazyAttribute(lambda batch: f"imports/{batch.filename}")
    size = 1234
    sha256 = "0" * 64
    by = factory.SubFactory(UserFactory)
    region = "RU"


class ImportRowFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ImportRow

    batch = factory.SubFactory(ImportFactory)
    line = factory.Sequence(lambda n: n + 2)
    verdict = ImportRow.Verdict.CREATE
    cells = factory.Sequence(lambda n: {"surname": PEOPLE[n % len(PEOPLE)].surname, "phone": f"+7495{n % 1_000_000:07d}"})
