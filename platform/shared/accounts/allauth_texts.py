"""What django-allauth says on our pages, marked so that our catalogue words it for Quebec.

Its own French is that of France: "e-mail", and a space before the question mark.
"""

from django.utils.translation import gettext_noop

TEXTS = (
    gettext_noop("A user is already registered with this email address."),
    gettext_noop("Email address"),
    gettext_noop("Forgot your password?"),
    gettext_noop("Please type your current password."),
    gettext_noop("The email address and/or password you specified are not correct."),
    gettext_noop("The email address is not assigned to any user account."),
    gettext_noop("The new value must be different from the current one."),
    gettext_noop("This email address is already associated with this account."),
    gettext_noop("Too many failed login attempts. Try again later."),
    gettext_noop("You cannot remove your primary email address."),
    gettext_noop(
        "You cannot generate recovery codes without having two-factor authentication enabled."
    ),
    gettext_noop("You must type the same password each time."),
    gettext_noop("Your primary email address must be verified."),
)
