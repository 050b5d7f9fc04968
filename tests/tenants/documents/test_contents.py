"""Addresses as lines."""

import pytest

from tenants.documents.contents import address_lines


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (None, ()),
        ({}, ()),
        (
            {"street1": "1 King St", "city": "Toronto", "state": "ON", "zip": "M5V 2T6"},
            ("1 King St", "Toronto ON\xa0\xa0M5V 2T6"),
        ),
        ({"street1": "CA", "street2": "Unit 2", "country": "CA"}, ("CA", "Unit 2")),
        ({"city": "Buffalo", "state": "NY", "country": "US"}, ("Buffalo NY", "US")),
        ({"zip": "M5V 2T6", "street2": ""}, ("M5V 2T6",)),
    ],
)
def test_address_lines(address, lines):
    assert address_lines(address) == lines
