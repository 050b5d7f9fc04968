"""Invoices by the million: a few issued by the service, the others copied in SQL."""

from django.db import connection

from tenants.invoices.models import Invoice

# Copies are adjustments: any number of them may bill the same days.
OWN_VALUES = {
    "id": "gen_random_uuid()",
    "invoice_id": "'INV' || lpad((900000000 - made.at * 1000000 - n)::text, 9, '0')",
    "kind": "'adjustment'",
    "corrects_id": "made.id",
    "number": "'X' || made.at || '-2020-' || n",
    "number_prefix": "'X' || made.at",
    "number_year": "2020",
    "number_sequence": "n",
    "invoice_date": "made.invoice_date - n %% 1500",
    "due_date": "made.due_date - n %% 1500",
    "subtotal": "made.subtotal + n %% 977",
    "total": "made.total + n %% 977",
    # One in twenty is open, as in a company that has billed for years.
    "payment_status": "CASE WHEN n %% 20 = 0 THEN 'unpaid' ELSE 'paid' END",
    "amount_paid": "CASE WHEN n %% 20 = 0 THEN 0 ELSE made.total + n %% 977 END",
}


def multiply_invoices(total: int) -> None:
    """Copy each issued invoice, without lines, until there are `total`."""
    made = Invoice.objects.filter(number__isnull=False).count()
    columns = [str(field.column) for field in Invoice._meta.concrete_fields]
    values = [OWN_VALUES.get(column, f"made.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO invoices_invoice ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608
            "FROM (SELECT *, row_number() OVER (ORDER BY number) AS at FROM invoices_invoice "
            "WHERE number IS NOT NULL) AS made, generate_series(1, %s) AS n",
            [-(-total // made) - 1],
        )
