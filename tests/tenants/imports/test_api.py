"""Imports over HTTP, and who may see them."""

import csv
import io
from uuid import uuid4

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from support.api import Program, key_of
from support.imports import work

from shared.kernel.tenancy import organisation_context
from tenants.activity.models import RevenueRecord
from tenants.imports.models import Import

HEADER = "site_id,day,category,gross_amount\n"


@pytest.fixture
def process(acme):
    """What the worker of acme does."""

    def go(answer):
        with organisation_context(acme):
            work(Import.objects.get(pk=answer.body["import_id"]))

    return go


def upload(api, content, *, kind="revenue", name="rows.csv", **more):
    file = io.BytesIO(content.encode())
    file.name = name
    body = encode_multipart(BOUNDARY, {"kind": kind, "file": file, **more})
    return api.send("POST", "/imports", body, content_type=MULTIPART_CONTENT)


def test_from_the_upload_to_the_undo(api, site_id, process):
    content = f"{HEADER}{site_id},2026-10-01,valet,12.50\nSITE999999,2026-10-01,=1+1,1\n"
    started = upload(api, content)
    assert started.status == 202, started.raw
    assert (started.body["status"], started.body["columns"]["day"]) == ("checking", "day")
    path = f"/imports/{started.body['import_id']}"
    assert api.post(f"{path}/apply").status == 409
    process(started)
    checked = api.get(path).body
    assert (checked["status"], checked["rows"], checked["bad_rows"]) == ("ready", 2, 1)
    assert [(row["row"], row["effect"]) for row in checked["preview"]] == [(2, "new")]
    (problem,) = api.get(f"{path}/errors").body["items"]
    assert (problem["row"], problem["reasons"][0]["code"]) == (3, "unknown")
    assert api.post(f"{path}/undo").status == 409
    assert api.post(f"{path}/apply").status == 202
    process(started)
    assert api.get(path).body["imported_rows"] == 1
    (record,) = api.get(f"/revenue-records?site_id={site_id}").body["items"]
    assert (record["day"], str(record["net_amount"])) == ("2026-10-01", "12.50")
    assert api.post(f"{path}/undo").status == 202
    process(started)
    assert api.get(path).body["status"] == "undone"
    assert api.get(f"/revenue-records?site_id={site_id}").body["items"] == []
    assert [one["import_id"] for one in api.get("/imports").body["items"]] == [
        started.body["import_id"]
    ]
    assert api.get("/imports?kind=sites").body["items"] == []


def test_bad_rows_come_back_safe_for_a_spreadsheet(api, site_id, process):
    answer = upload(api, f'{HEADER}{site_id},2026-10-01,"=HYPERLINK(""x"")",nothing\n@x,-1,+2,-3\n')
    process(answer)
    path = f"/api/v1/imports/{answer.body['import_id']}/errors.csv"
    response = api.browser.get(path, headers={"authorization": f"Bearer {api.secret}"})
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    first, second = csv.DictReader(io.StringIO(text))
    assert first["category"] == '\'=HYPERLINK("x")'
    assert (first["row"], first["reason"]) == ("2", "Not an amount. Write it as 1234.56.")
    assert (second["site_id"], second["category"]) == ("'@x", "'+2")
    mended = text.replace("nothing", "5")
    again = upload(api, mended)
    process(again)
    assert api.get(f"/imports/{again.body['import_id']}").body["preview"][0]["category"] == (
        '=HYPERLINK("x")'
    )


WRONG = {
    "kind": ({"kind": "people"}, "kind"),
    "no columns": ({"content": "a,b\n1,2\n"}, "file"),
    "empty": ({"content": ""}, "file"),
    "form of days": ({"day_form": "any"}, "day_form"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=WRONG.keys())
def test_wrong_uploads_are_named(api, changes, field):
    given = {"content": HEADER, **changes}
    refused = upload(api, given.pop("content"), **given)
    assert refused.status == 422, refused.raw
    assert set(refused.fields) == {field}


def test_a_file_is_needed(api):
    body = encode_multipart(BOUNDARY, {"kind": "revenue"})
    refused = api.send("POST", "/imports", body, content_type=MULTIPART_CONTENT)
    assert (refused.status, set(refused.fields)) == (422, {"file"})


def test_sending_again_with_the_same_key_is_one_import(api, site_id, acme):
    file = io.BytesIO(f"{HEADER}{site_id},2026-10-01,a,1\n".encode())
    file.name = "rows.csv"
    body = encode_multipart(BOUNDARY, {"kind": "revenue", "file": file})
    answers = [
        api.send(
            "POST", "/imports", body, content_type=MULTIPART_CONTENT, **{"Idempotency-Key": "one"}
        )
        for _ in range(2)
    ]
    assert answers[0].raw == answers[1].raw
    with organisation_context(acme):
        assert Import.objects.count() == 1


def test_another_organisation_sees_nothing_of_it(api, site_id, globex, client_for, process):
    started = upload(api, f"{HEADER}{site_id},2026-10-01,a,1\n")
    process(started)
    stranger = Program(client_for(globex), key_of(globex))
    path = f"/imports/{started.body['import_id']}"
    for method, where in (
        ("GET", path),
        ("GET", f"{path}/errors"),
        ("GET", f"{path}/errors.csv"),
        ("POST", f"{path}/apply"),
        ("POST", f"{path}/undo"),
    ):
        assert stranger.send(method, where).status == 404, where
    assert stranger.get("/imports").body["items"] == []
    with organisation_context(globex):
        assert Import.objects.count() == 0
        assert RevenueRecord.objects.count() == 0


def test_each_kind_asks_for_its_own_rights(acme, client_for, api, site_id):
    started = upload(api, f"{HEADER}{site_id},2026-10-01,a,1\n").body["import_id"]
    sites_only = Program(client_for(acme), key_of(acme, ["sites:write", "sites:read"]))
    assert sites_only.get(f"/imports/{started}").status == 404
    assert sites_only.get("/imports").body["items"] == []
    assert upload(sites_only, HEADER).status == 403
    reader = Program(client_for(acme), key_of(acme, ["activity:read"]))
    assert reader.get(f"/imports/{started}").status == 200
    assert reader.post(f"/imports/{started}/apply").status == 403
    assert Program(client_for(acme), key_of(acme, ["people:read"])).get("/imports").status == 403
    assert api.get(f"/imports/{uuid4()}").status == 404


def test_duplicates_need_a_word(api, site_id, process):
    content = (
        "site_id,type,start,monthly_fee\n"
        f"{site_id},fixed_fee,2026-01-01,100\n{site_id},fixed_fee,2026-01-01,100\n"
    )
    paths = []
    for _time in range(2):
        started = upload(api, content, kind="contracts")
        process(started)
        paths.append(f"/imports/{started.body['import_id']}")
        answer = api.post(f"{paths[-1]}/apply")
        if answer.status == 202:
            process(started)
    assert answer.status == 409
    first, second = (api.get(path).body for path in paths)
    assert (first["imported_rows"], first["duplicate_rows"]) == (1, 1)
    assert (second["imported_rows"], second["duplicate_rows"]) == (0, 2)
    rows = api.get(f"{paths[0]}/rows?effect=duplicate").body["items"]
    assert [(row["row"], row["duplicate_of_row"]) for row in rows] == [(3, 2)]
    assert api.post(f"{paths[1]}/apply", {"allow_duplicates": True}).status == 202
