"""The development mailbox shows what was written into files, and nothing beside them."""

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.filebased import EmailBackend
from django.test import Client
from pytest_django import Settings

from shared.runtime import mailbox


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.EMAIL_FILE_PATH = tmp_path
    return tmp_path


def send(subject: str, text: str, html: str = "") -> None:
    message = EmailMultiAlternatives(subject, text, "from@example.com", ["to@example.com"])
    if html:
        message.attach_alternative(html, "text/html")
    EmailBackend().send_messages([message])


def test_an_email_is_read_with_its_parts_and_links(folder: Path) -> None:
    send(
        "Réinitialiser",
        "Follow https://acme.localhost/reset/a-b.\nOr (https://acme.localhost/help).",
        "<p>Bonjour</p><script>alert(1)</script>",
    )
    [mail] = mailbox.list_mails()
    assert mail.subject == "Réinitialiser"
    assert mail.recipients == "to@example.com"
    assert "<p>Bonjour</p>" in mail.html
    assert mail.links == ("https://acme.localhost/reset/a-b", "https://acme.localhost/help")


@pytest.mark.parametrize("name", ["../secret", "secret.log", "20261121-010203-1.log/../x", ""])
def test_only_the_backends_own_files_are_read(folder: Path, name: str) -> None:
    (folder / "secret.log").write_text("Subject: no\n\nno")
    assert mailbox.read_mail(name) is None


@pytest.mark.django_db
def test_the_page_lists_and_shows_escaped(folder: Path, client: Client) -> None:
    send("<b>Hello</b>", "Text <i>not</i> markup", "<h1>Hi</h1>")
    [mail] = mailbox.list_mails()
    page = client.get("/mail", HTTP_HOST="localhost").content.decode()
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page
    detail = client.get(f"/mail/{mail.name}", HTTP_HOST="localhost").content.decode()
    assert "&lt;i&gt;not&lt;/i&gt;" in detail
    assert "sandbox" in detail
    assert "<h1>Hi</h1>" not in detail
    framed = client.get(f"/mail/{mail.name}/html", HTTP_HOST="localhost")
    assert framed.content == b"<h1>Hi</h1>"
    assert "default-src 'none'" in framed["Content-Security-Policy"]
    assert "sandbox" in framed["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_page_works_at_an_organisations_address(folder: Path, client_for, acme) -> None:
    send("Invitation", "Welcome")
    assert "Invitation" in client_for(acme).get("/mail").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/mail", "/mail/20261121-010203-1.log"])
def test_there_is_no_mailbox_outside_development(
    client: Client, settings: Settings, path: str
) -> None:
    settings.DEVELOPMENT_MAILBOX = False
    assert client.get(path, HTTP_HOST="localhost").status_code == 404
