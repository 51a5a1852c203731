import factory

from config.platform.models import Role, User


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    role = Role.SUPERVISOR
    surname = factory.Sequence(lambda n: f"Surname{n}")
    name = "Kim"
