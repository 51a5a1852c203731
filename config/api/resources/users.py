"""/users/: the people and machines that act here."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from config.api.fields import TimeZoneField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform import people
from config.platform.models import PEOPLE, Role, User
from config.platform.moves import VersionConflict

ANNA = {
    "id": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "username": "anna",
    "role": "agent",
    "surname": "Иванова",
    "name": "Анна",
    "patronymic": "Петровна",
    "display_name": "Иванова Анна Петровна",
    "email": "anna@example.com",
    "time_zone": "Europe/Moscow",
    "is_active": True,
}


@example(ANNA)
class UserSerializer(serializers.ModelSerializer):
    display_name = serializers.CharField(source="get_full_name", read_only=True)
    email = serializers.CharField(read_only=True, help_text="May be empty.")

    class Meta:
        model = User
        fields = ["id", "username", "role", "surname", "name", "patronymic", "display_name", "email", "time_zone", "is_active"]
        read_only_fields = fields


@example({"username": "anna", "password": "correct horse battery", "role": "agent", "surname": "Иванова", "name": "Анна"})
class UserBody(serializers.ModelSerializer):
    username = serializers.RegexField(
        r"^[\w.@+-]+$",
        max_length=150,
        validators=[UniqueValidator(User.objects.all(), message="Somebody has this name already.")],
        help_text="Letters, digits and @ . + - _",
    )
    password = serializers.CharField(max_length=1000, required=False, write_only=True, trim_whitespace=False)
    role = serializers.ChoiceField(choices=Role.choices)
    time_zone = TimeZoneField(required=False)

    class Meta:
        model = User
        fields = ["username", "password", "role", "surname", "name", "patronymic", "email", "time_zone", "is_active"]


class UserFilter(FilterSet):
    role = filters.ChoiceFilter(choices=Role.choices)
    is_active = filters.BooleanFilter()

    class Meta:
        model = User
        fields = ["role", "is_active"]


class UserViewSet(ReadViewSet):
    """People and machines."""

    resource = "users"
    queryset = User.objects.all()
    serializer_class = UserSerializer
    filterset_class = UserFilter
    ordering_fields = ("username",)
    permits = {
        "list": allow(*PEOPLE),
        "retrieve": allow(*PEOPLE),
        "create": allow(Role.ADMIN),
        "partial_update": allow(Role.ADMIN),
    }

    @operation(answer=UserSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Users

        Everybody who acts here: to choose an owner, a head of department, somebody to pass a caller to.
        """
        return super().list(request)

    @operation(answer=UserSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One user"""
        return super().retrieve(request, pk)

    @operation(body=UserBody, answer=UserSerializer, status=201, refusals=[people.PasswordTooWeak])
    def create(self, request) -> Response:
        """Add a user

        Without a password nobody can sign in as them, which is right for integrations.
        """
        return self.respond(people.add(**self.read(UserBody), **self.by), 201, location=True)

    @operation(
        body=UserBody(partial=True),
        answer=UserSerializer,
        refusals=[people.PasswordTooWeak, people.LastAdministrator, VersionConflict],
    )
    def partial_update(self, request, pk) -> Response:
        """Change a user

        A new password, or `is_active: false`, closes all their tokens at once.
        """
        user = self.get_object()
        serializer = UserBody(user, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return self.respond(people.alter(user.pk, **serializer.validated_data, if_version=self.if_version, **self.by))
