"""Files of money received in every format, to the same records."""

from datetime import date
from decimal import Decimal

import pytest

from connectors.bank_files import LINES_MAX, clean
from connectors.bank_files.client import read_bank_file
from connectors.bank_files.mapping import parse_amount, parse_day
from connectors.errors import NeedsAttention

OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20250603
<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1
<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>CAD
<BANKACCTFROM><BANKID>000301234<ACCTID>100002345<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20250601<DTEND>20250603
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20250602<TRNAMT>1130.00<FITID>F1<NAME>NORTH LTD
<MEMO>TP-2025-000001</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20250603<TRNAMT>-10.00<FITID>F2<NAME>FEE</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1120.00<DTASOF>20250603</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
MT940 = """:20:STARTUMS
:25:12345678/0001234567
:28C:1/1
:60F:C250601CAD0,00
:61:2506020602C1130,00NTRFTP-2025-000001//BANKREF1
:86:166?00TRANSFER?20thanks?32NORTH LTD
:61:2506030603D10,00NCHG//X
:86:FEE
:62F:C250603CAD1120,00
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Ntry><Amt Ccy="CAD">1130.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2025-06-02</Dt></BookgDt>
<AcctSvcrRef>BANKREF1</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<RltdPties><Dbtr><Pty><Nm>NORTH LTD</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Ustrd>TP-2025-000001</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CAD">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2025-06-03</Dt></BookgDt>
<NtryDtls>
<TxDtls><Refs><TxId>T1</TxId></Refs><Amt Ccy="CAD">10.00</Amt></TxDtls>
<TxDtls><Refs><TxId>T2</TxId></Refs>
<AmtDtls><TxAmt><Amt Ccy="CAD">20.00</Amt></TxAmt></AmtDtls></TxDtls>
</NtryDtls></Ntry>
<Ntry><Amt Ccy="CAD">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>
<BookgDt><Dt>2025-06-03</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""


def read(text):
    return read_bank_file(text.encode())


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [(OFX, "ofx", "2345-F1"), (MT940, "mt940", "BANKREF1"), (CAMT, "camt", "BANKREF1")],
)
def test_every_format_tells_the_same(text, name, number):
    found = read(text)
    first = found.lines[0]
    assert (found.format, len(found.outgoing)) == (name, 1)
    assert found.outgoing[0].amount == 10
    assert (first.received_on, first.amount, first.currency) == (
        date(2025, 6, 2),
        Decimal("1130.00"),
        "CAD",
    )
    assert (first.payer, first.transaction_id, first.problem) == ("NORTH LTD", number, "")
    assert "TP-2025-000001" in first.reference


def test_a_camt_entry_of_several_payments_gives_each():
    assert [(one.transaction_id, one.amount) for one in read(CAMT).lines[1:]] == [
        ("T1", Decimal("10.00")),
        ("T2", Decimal("20.00")),
    ]


@pytest.mark.parametrize(
    "heading",
    [
        "Date,Amount,Reference,Payer,Transaction ID,Currency",
        "Date de paiement;Montant payé;Libellé;Nom du client;No transaction;Devise",
        "POSTED ON|Credit|Memo|From|Confirmation|CCY",
    ],
)
def test_headings_in_english_and_french_and_any_delimiter(heading):
    delimiter = next(one for one in ";|," if one in heading)
    row = delimiter.join(("2025-06-02", "1130.00", "TP-2025-000001", "North", "T1", "usd"))
    (line,) = read(f"\ufeff{heading}\n{row}\n\n").lines
    assert (line.amount, line.reference, line.payer) == (1130, "TP-2025-000001", "North")
    assert (line.transaction_id, line.currency, line.position) == ("T1", "USD", 2)


def test_money_going_out_stands_apart():
    found = read("Date,Debit,Credit\n2025-06-02,10.00,\n2025-06-02,,20.00\n2025-06-02,,(5.00)\n")
    assert [one.amount for one in found.lines] == [20]
    assert [one.amount for one in found.outgoing] == [10, 5]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.56", "1234.56"),
        ("1 234,56 $", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        ("$12", "12"),
        ("(12.00)", "-12.00"),
        ("12.00-", "-12.00"),
        ("-12,00", "-12.00"),
        ("n/a", None),
        ("", None),
    ],
)
def test_amounts_as_people_and_banks_write_them(text, amount):
    assert parse_amount(text) == (Decimal(amount) if amount else None)


@pytest.mark.parametrize(
    ("text", "day_first", "day"),
    [
        ("2025-06-02", None, date(2025, 6, 2)),
        ("20250602", None, date(2025, 6, 2)),
        ("02/06/2025", True, date(2025, 6, 2)),
        ("02/06/2025", False, date(2025, 2, 6)),
        ("02/06/2025", None, None),
        ("03/03/2025", None, date(2025, 3, 3)),
        ("31/31/2025", True, None),
        ("2025-02-30", None, None),
        ("soon", None, None),
    ],
)
def test_days_are_read_only_where_their_order_is_known(text, day_first, day):
    assert parse_day(text, day_first) == day


def test_a_file_shows_by_its_other_days_what_comes_first():
    days = [one.received_on for one in read("Date,Amount\n03/04/2025,1\n25/04/2025,1\n").lines]
    assert days == [date(2025, 4, 3), date(2025, 4, 25)]
    (line,) = read("Date,Amount\n03/04/2025,1\n").lines
    assert line.problem == "received_on"


def test_what_windows_writes_in_quebec_is_read():
    content = "Date;Montant;Payeur\n2025-06-02;1,00;Métro Côté\n".encode("cp1252")
    assert read_bank_file(content).lines[0].payer == "Métro Côté"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01",
        b"PK\x03\x04 something\x00",
        b"Name,Age\nJo,3\n",
        b"Date,Amount\n",
        b"OFXHEADER:100\n<OFX><BROKEN>",
        b"<Document xmlns='camt.053'><open>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><Document xmlns='camt.053'>&b;</Document>",
        b"<Document xmlns='camt.053'>" + b"<Ntry>" * 50_000 + b"</Ntry>" * 50_000 + b"</Document>",
        b"<Document xmlns='camt.053'>" + b"<Ntry/>" * 20_001 + b"</Document>",
        b"OFXHEADER:100\n" + b" " * 1_000_000 + b"<OFX>",
        b":20:X\n" * 50_000,
        b"Date,Amount" + b"," * 1_000_000,
        b":20:X\n:61:nonsense\n",
        b"Date,Amount\n" + b"2025-01-01,1\n" * (LINES_MAX + 1),
        b'Date,Amount\n"' + b"x" * 200_000,
    ],
)
def test_what_cannot_be_read_is_told(content):
    with pytest.raises(NeedsAttention):
        read_bank_file(content)


def test_text_is_one_clean_line():
    assert clean(" a\tb\x07\n c ") == "a b c"
    assert clean(None) == ""
    assert len(clean("x" * 300)) == 200
