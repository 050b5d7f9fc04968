from base64 import b64encode

import pytest
from django.core.exceptions import ImproperlyConfigured

from shared.keyring.errors import CannotDecrypt, NoMasterKey
from shared.keyring.master import ConfiguredKeys, WrappedKey, master_keys, parse_master_keys

OLD, NEW = b64encode(b"o" * 32).decode(), b64encode(b"n" * 32).decode()
DATA_KEY = b"k" * 32


def test_the_newest_key_wraps_and_all_unwrap(settings):
    settings.INVOICEPATCH_MASTER_KEYS = f"1:{OLD}"
    by_old = ConfiguredKeys().wrap(DATA_KEY, b"acme")

    settings.INVOICEPATCH_MASTER_KEYS = f"1:{OLD}, 2:{NEW}"
    both = ConfiguredKeys()
    by_new = both.wrap(DATA_KEY, b"acme")

    assert (by_old.master_key_id, by_new.master_key_id, both.newest_id) == ("1", "2", "2")
    assert both.unwrap(by_old, b"acme") == both.unwrap(by_new, b"acme") == DATA_KEY


def test_a_key_that_was_removed_is_named(settings):
    settings.INVOICEPATCH_MASTER_KEYS = f"1:{OLD}"
    wrapped = ConfiguredKeys().wrap(DATA_KEY, b"acme")
    settings.INVOICEPATCH_MASTER_KEYS = f"2:{NEW}"

    with pytest.raises(NoMasterKey, match="master key 1"):
        ConfiguredKeys().unwrap(wrapped, b"acme")


def test_a_wrapped_key_opens_in_its_own_context_only(settings):
    settings.INVOICEPATCH_MASTER_KEYS = f"1:{OLD}"
    keys = ConfiguredKeys()
    wrapped = keys.wrap(DATA_KEY, b"acme")

    with pytest.raises(CannotDecrypt):
        keys.unwrap(wrapped, b"globex")
    with pytest.raises(CannotDecrypt):
        keys.unwrap(WrappedKey(blob=b"", master_key_id="1"), b"acme")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        OLD,
        f"0:{OLD}",
        f"x:{OLD}",
        "1:not base64!",
        "1:" + b64encode(b"short").decode(),
        f"1:{OLD},1:{NEW}",
    ],
)
def test_what_is_wrong_with_the_setting_is_said_without_showing_it(text):
    with pytest.raises(ImproperlyConfigured) as raised:
        parse_master_keys(text)

    assert OLD not in str(raised.value)


class OutsideKeys:
    newest_id = "arn:outside"

    def wrap(self, data_key, context):
        return WrappedKey(blob=context + data_key[::-1], master_key_id=self.newest_id)

    def unwrap(self, wrapped, context):
        return wrapped.blob.removeprefix(context)[::-1]


def test_another_provider_is_named_by_its_path(settings):
    settings.MASTER_KEY_PROVIDER = f"{__name__}.OutsideKeys"
    try:
        assert master_keys().newest_id == "arn:outside"
    finally:
        master_keys.cache_clear()
