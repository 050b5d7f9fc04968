from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import override_settings
from django.utils.translation import gettext_lazy

from shared.audit import chain


def test_json_is_the_same_whatever_the_order_of_keys():
    one = chain.canonical_json({"b": 1, "a": {"d": Decimal("8000.00"), "c": None}})
    assert one == chain.canonical_json({"a": {"c": None, "d": Decimal("8000.00")}, "b": 1})
    assert one == '{"a":{"c":null,"d":8000.00},"b":1}'


def test_what_cannot_be_recorded_is_refused():
    with pytest.raises(NotImplementedError, match="object"):
        chain.canonical_json({"a": object()})


def test_translated_text_and_odd_numbers_can_be_recorded():
    redacted = chain.redact({"state": gettext_lazy("active"), "rate": Decimal("NaN")})
    assert chain.canonical_json(redacted) == '{"rate":"NaN","state":"active"}'


def test_the_payload_digest_covers_each_part():
    parts = {"actor_label": "a", "object_label": "b", "ip": "c", "payload": "d"}
    digests = {
        chain.digest_payload(**parts),
        *(chain.digest_payload(**{**parts, name: "x"}) for name in parts),
        chain.digest_payload(**{**parts, "actor_label": "ab", "object_label": ""}),
    }
    assert len(digests) == 6


def test_a_seal_holds_for_its_organisation_number_and_digest_only():
    organisation, digest = uuid4(), bytes(range(32))
    seal = chain.seal(organisation, 7, digest)
    assert chain.seal_holds(organisation, 7, digest, seal)
    assert not chain.seal_holds(organisation, 8, digest, seal)
    assert not chain.seal_holds(uuid4(), 7, digest, seal)
    assert not chain.seal_holds(organisation, 7, bytes(32), seal)


def test_a_seal_survives_a_new_secret_that_names_the_old_one():
    organisation, digest = uuid4(), bytes(32)
    with override_settings(SECRET_KEY="old"):
        seal = chain.seal(organisation, 1, digest)
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        assert chain.seal_holds(organisation, 1, digest, seal)
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[]):
        assert not chain.seal_holds(organisation, 1, digest, seal)
