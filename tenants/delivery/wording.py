"""Why something was not delivered, in words."""

from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _


def refusal_text(why: str) -> Wording:
    """A sentence for what a channel answered; its own words where we know none."""
    known = {
        "no_address": _("there is no e-mail address."),
        "suppressed": _(
            "the address bounced or reported spam, so it is not written to. Correct the contact, "
            "or lift the stop, and send it again."
        ),
        "replaced": _("a later copy took its place."),
        "document_in_work": _("its document could not be made in time."),
        "bounced": _("the address does not exist or refuses mail."),
        "no_endpoint": _("the customer has no file drop."),
        "address_refused": _("the server is not on the public internet."),
        "host_key_changed": _("the server shows another key than the one that was pinned."),
        "sign_in_refused": _("the server refused the user, password or key."),
        "folder_refused": _("the folder is not there or may not be written to."),
        "complained": _("the recipient marked it as spam."),
    }
    if why.startswith("refused_"):
        return _("the mail server refused it (%(code)s).") % {"code": why.removeprefix("refused_")}
    return known.get(why) or Wording(why)
