"""How many one-page invoices a process prints in a second, contents to PDF."""

import platform
import statistics
import time

from tenants.documents.contents import InvoiceDocument
from tenants.documents.rendering import Rendered, render_contents
from tenants.documents.samples import sample_invoice

INVOICES_A_RUN = 50
REPEATS_MIN = 3


def measure(repeats: int = REPEATS_MIN) -> dict[str, object]:
    """Print 50 different one-page invoices, `repeats` times (at least 3), in this process.

    All figures are medians of the repeats. Per core counts the processor time of the process,
    which other work on the machine does not take away from; per second is by the clock on the
    wall. Setting up fonts and stylesheets (once per process) is left out and told apart.
    """
    invoices = [sample_invoice(number) for number in range(INVOICES_A_RUN)]
    started = time.perf_counter()
    for invoice in invoices[:2]:
        printed = _print(invoice)
    set_up = time.perf_counter() - started
    wall, cpu = [], []
    for _ in range(max(repeats, REPEATS_MIN)):
        wall_started, cpu_started = time.perf_counter(), time.process_time()
        for invoice in invoices:
            printed = _print(invoice)
        wall.append((time.perf_counter() - wall_started) / INVOICES_A_RUN)
        cpu.append((time.process_time() - cpu_started) / INVOICES_A_RUN)
    return {
        "invoices_per_second_per_core": round(1 / statistics.median(cpu), 1),
        "invoices_per_second": round(1 / statistics.median(wall), 1),
        "processor_milliseconds_each": round(statistics.median(cpu) * 1000, 2),
        "milliseconds_each": round(statistics.median(wall) * 1000, 2),
        "set_up_milliseconds": round(set_up * 1000),
        "invoices": INVOICES_A_RUN,
        "lines": len(invoices[0].lines),
        "pages_each": printed.pages,
        "bytes_each": len(printed.content),
        "repeats": len(wall),
        "statistic": "median",
        "machine": f"{platform.machine()}, Python {platform.python_version()}, 1 process",
    }


def _print(invoice: InvoiceDocument) -> Rendered:
    return render_contents(invoice, kind="invoice", language="en", output="pdf")
