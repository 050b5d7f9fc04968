"""Public identifiers such as SITE000001 from a sequence of the tenant's schema.

Sequences leave gaps after a rollback; numbers that must not have any (invoice numbers) are
taken from a locked row instead. Source: `domain.md` 1.
"""

from django.db import connection, models

from shared.kernel.fields import CodeField

TRIES_MAX = 1000


def next_codes(model: type[models.Model], field_name: str, count: int) -> list[str]:
    """`count` fresh codes in one query; codes that people chose before are passed over.

    Raises RuntimeError where the number range is used up.
    """
    field = model._meta.get_field(field_name)
    assert isinstance(field, CodeField)
    codes: list[str] = []
    for _attempt in range(TRIES_MAX):
        wanted = count - len(codes)
        if not wanted:
            return codes
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(%s) FROM generate_series(1, %s)", [sequence_name(model), wanted]
            )
            drawn = [f"{field.prefix}{n:0{field.digits}}" for (n,) in cursor.fetchall()]
        if field.chosen_by_people:
            taken = set(
                model._default_manager.filter(**{f"{field_name}__in": drawn}).values_list(
                    field_name, flat=True
                )
            )
            drawn = [code for code in drawn if code not in taken]
        codes.extend(drawn)
    raise RuntimeError(f"No free {field_name} was found in {TRIES_MAX} tries.")


def next_code(model: type[models.Model], field_name: str) -> str:
    """One fresh code."""
    return next_codes(model, field_name, 1)[0]


def sequence_name(model: type[models.Model]) -> str:
    """The sequence behind a model's codes, made by its migration (see `CreateSequence`)."""
    return f"{model._meta.db_table}_code_seq"
