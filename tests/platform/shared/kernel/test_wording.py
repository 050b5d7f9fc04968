"""What is kept for people is said in each reader's language, whatever its values look like."""

import pickle
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection, models
from django.utils.html import escape
from django.utils.translation import gettext_lazy, override

from connectors.errors import NeedsAttention, told
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording
from shared.kernel.wording import (
    Wording,
    joined,
    money,
    month,
    percentage,
    period,
    unit_price,
    worded,
    worded_plural,
    wording_from_json,
    wording_of,
)

NNBSP = "\N{NO-BREAK SPACE}"
UNKNOWN = "%(customer)s: %(value)s."


def kept(text: object) -> Wording:
    """As it comes back from its column."""
    return wording_from_json(wording_of(text).as_json())


def said(text: object, language: str = "fr-ca") -> str:
    with override(language):
        return str(kept(text))


def test_a_sentence_is_said_in_each_readers_language():
    with override("en"):
        sentence = worded("Nothing is set up that delivers invoices.")
    assert said(sentence) == "Rien n’est configuré pour envoyer les factures."
    assert said(sentence, "en") == "Nothing is set up that delivers invoices."
    assert escape(sentence) == str(sentence)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        ("Ltd", "Ltd", "Ltd"),
        (1234, "1234", "1234"),
        (Decimal("1234.50"), "1,234.5", f"1{NNBSP}234,5"),
        (money(Decimal("-1234.50"), "CAD"), "−$1,234.50", f"−1{NNBSP}234,50{NNBSP}$"),
        (unit_price(Decimal("0.0825"), "CAD"), "$0.0825", f"0,0825{NNBSP}$"),
        (percentage(Decimal("0.09975")), "9.975%", f"9,975{NNBSP}%"),
        (date(2026, 3, 1), "Mar 1, 2026", "1er mars 2026"),
        (month(date(2026, 3, 1)), "March 2026", "mars 2026"),
        (period(date(2026, 3, 1), date(2026, 4, 1)), "March 2026", "mars 2026"),
        (gettext_lazy("Revenue"), "Revenue", "Revenus"),
        (worded("%(id)s is void.") % {"id": worded("Revenue")}, None, None),
    ],
)
def test_values_are_written_as_the_reader_writes_them(value, english, french):
    sentence = worded(UNKNOWN) % {"customer": "A", "value": value}
    if english is None:
        assert "Revenus" in said(sentence)
    else:
        assert said(sentence, "en") == f"A: {english}."
        assert said(sentence) == f"A: {french}."


def test_an_instant_is_in_the_readers_zone():
    sentence = worded("%(at)s") % {"at": datetime(2026, 3, 1, 12, tzinfo=UTC)}
    assert said(sentence, "en").startswith("Mar 1, 2026, ")


@pytest.mark.parametrize(("number", "french"), [(1, "1 jour de retard"), (2, "2 jours de retard")])
def test_plurals_follow_the_readers_language(number, french):
    sentence = worded_plural("%(n)d day late", "%(n)d days late", number) % {"n": number}
    assert said(sentence) == french


@pytest.mark.parametrize("hostile", ["%s", "%(x)s", "%(customer)s", "100 %", "%", "{value}", "<b>"])
def test_values_that_look_like_places_stay_what_they_are(hostile):
    sentence = worded(UNKNOWN) % {"customer": hostile, "value": hostile}
    assert said(sentence, "en") == f"{hostile}: {hostile}."
    nested = worded("%(text)s") % {"text": sentence}
    assert said(nested, "en") == f"{hostile}: {hostile}."
    assert said(hostile) == hostile


@pytest.mark.parametrize(
    "broken",
    [
        {"text": UNKNOWN},
        {"text": UNKNOWN, "values": {"customer": None}},
        {"text": UNKNOWN, "values": {"customer": {"form": "day", "of": ["no day"]}}},
        {"text": UNKNOWN, "values": {"customer": {"form": "unheard of", "of": ["x"]}}},
        {"text": UNKNOWN, "values": {"customer": {"form": "money", "of": []}}},
        {"text": UNKNOWN, "values": [1]},
        {"text": UNKNOWN, "plural": 7, "number": "x"},
        {"text": 5},
        {},
        [],
        None,
        7,
    ],
)
def test_what_is_kept_can_always_be_said(broken):
    for language in ("en", "fr-ca"):
        with override(language):
            assert isinstance(str(wording_from_json(broken)), str)


def test_words_of_their_own_are_never_translated_or_filled():
    assert said("Open") == "Open"
    assert said("") == ""
    assert not kept("")
    assert said("Pay 5 %(now)s") == "Pay 5 %(now)s"


def test_sentences_are_joined_once_each():
    first, second = worded("Sent."), Wording("As typed.")
    assert said(joined([first, second, worded("Sent.")])) == "Envoyé. As typed."
    assert said(joined([first])) == "Envoyé."
    assert not joined([])


def test_errors_tell_what_is_kept():
    none = worded("There is no contract %(id)s.") % {"id": "CON000001"}
    with override("en"):
        error = NotFound(none)
        both = Invalid(errors=[FieldError("a", "b", none), FieldError("c", "d", "As typed.")])
    assert said(error.wording()) == "Le contrat CON000001 n’existe pas."
    assert said(both.wording()) == "Le contrat CON000001 n’existe pas. As typed."
    assert said(wording_of(error)) == "Le contrat CON000001 n’existe pas."
    with override("fr-ca"):
        assert said(Conflict().wording(), "fr-ca") == str(Conflict.title)
    with override("fr-ca"):
        assert str(error) == "Le contrat CON000001 n’existe pas."


def test_a_connectors_sentence_is_said_too():
    error = NeedsAttention(told("A record's %(name)s is no date.", name="%s"))
    assert str(error) == "A record's %s is no date."
    assert said(error.why) == "Dans un enregistrement, %s n’est pas une date."
    inside = worded("%(text)s!") % {"text": error.why}
    assert said(inside) == "Dans un enregistrement, %s n’est pas une date.!"


def test_it_travels_between_processes():
    sentence = worded(UNKNOWN) % {"customer": "A", "value": money(Decimal(1), "CAD")}
    assert pickle.loads(pickle.dumps(sentence)).as_json() == sentence.as_json()


def test_a_column_of_text_becomes_wordings_and_text_again(in_acme):
    sentence = worded(UNKNOWN) % {"customer": "50 %", "value": money(Decimal("1.50"), "CAD")}
    late = worded_plural("%(n)d day late", "%(n)d days late", 3) % {"n": 3}
    operation = keep_wording(
        "words", "words", "said", WordingField(), models.CharField(max_length=40)
    )
    (change,) = operation.database_operations
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE words (said varchar(40))")
        cursor.execute("INSERT INTO words VALUES ('He said: \"100 %\"'), ('')")
        cursor.execute(change.sql)
        cursor.execute("SELECT said #>> '{}' FROM words")
        assert sorted(cursor.fetchall()) == [("",), ('He said: "100 %"',)]
        for one in (sentence, late, joined([late, sentence])):
            field = WordingField().get_db_prep_value(one, connection)
            cursor.execute("INSERT INTO words VALUES (%s)", [field])
        cursor.execute(change.reverse_sql)
        cursor.execute("SELECT said FROM words")
        assert sorted(row[0] for row in cursor.fetchall()) == [
            "",
            "3 days late",
            "3 days late 50 %: 1.50 CAD.",
            "50 %: 1.50 CAD.",
            'He said: "100 %"',
        ]
