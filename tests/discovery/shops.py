"""The purchases of one small shop, written in the many ways in which people get them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import numpy as np

CUSTOMERS, DAYS, FIRST = 260, 420, date(2023, 1, 1)


@dataclass(frozen=True)
class Purchase:
    customer: int
    at: datetime
    amount: float
    quantity: int


@cache
def purchases(seed=0):
    """Some 5,000 purchases in order of time; four in ten customers stop buying at some day."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(1, CUSTOMERS + 1):
        gap = rng.uniform(6, 40)
        day = rng.uniform(0, 150)
        last = rng.uniform(day, DAYS) if rng.uniform() < 0.6 else DAYS
        while day < last:
            at = datetime(FIRST.year, FIRST.month, FIRST.day) + timedelta(days=int(day), minutes=int(rng.integers(540, 1300)))
            rows.append(Purchase(customer, at, round(float(rng.gamma(2, 15)) + 1, 2), int(rng.integers(1, 9))))
            day += 1 + rng.exponential(gap)
    return sorted(rows, key=lambda row: row.at)


def csv_text(header, rows, delimiter=","):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    if header:
        writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


def two_columns(folder):
    rows = [(row.customer, row.at.date().isoformat()) for row in purchases()]
    (folder / "data.csv").write_text(csv_text(("id", "date"), rows))
    return [folder / "data.csv"]


def thirty_columns(folder):
    header = [
        *("row_id", "order_no", "order_date", "ship_date", "customer_id", "customer_name", "customer_segment", "birth_date"),
        *(
            "city",
            "country",
            "sku",
            "product_name",
            "category",
            "brand",
            "unit_price",
            "quantity",
            "discount",
            "tax",
            "shipping_cost",
        ),
        *(
            "total_amount",
            "currency",
            "payment_method",
            "channel",
            "is_gift",
            "coupon_code",
            "warehouse_id",
            "updated_at",
            "rating",
        ),
        *("age", "loyalty_points"),
    ]
    assert len(header) == 30
    rows = []
    for number, row in enumerate(purchases()):
        at = f"{row.at:%Y-%m-%d %H:%M:%S}"
        later = f"{row.at + timedelta(days=3):%Y-%m-%d}"
        rows.append(
            [
                *(
                    number,
                    f"O{number // 2}",
                    at,
                    later,
                    f"C{row.customer:05}",
                    "N N",
                    "consumer",
                    f"{1950 + row.customer % 50}-05-17",
                ),
                *("Ulm", "DE", f"S{number % 40}", "thing", f"cat{number % 4}", "b", row.amount, row.quantity, 0, 1.5, 4.9),
                *(
                    round(row.amount * row.quantity, 2),
                    "EUR",
                    "card",
                    ("web", "app")[number % 2],
                    "false",
                    "",
                    number % 3,
                    later,
                    4,
                ),
                *(20 + row.customer % 50, number % 90),
            ]
        )
    (folder / "orders_export.csv").write_text(csv_text(header, rows))
    return [folder / "orders_export.csv"]


def epoch_seconds(folder):
    rows = [(f"u{row.customer}", int(row.at.timestamp()), "web") for row in purchases()]
    (folder / "sessions.csv").write_text(csv_text(("user_id", "ts", "device"), rows))
    return [folder / "sessions.csv"]


def epoch_milliseconds(folder):
    rows = [(f"u{row.customer}", int(row.at.timestamp() * 1000), "login") for row in purchases()]
    (folder / "log.tsv").write_text(csv_text(("uid", "timestamp", "event"), rows, "\t"))
    return [folder / "log.tsv"]


def day_first(folder):
    rows = [(row.customer, f"{row.at:%d/%m/%Y}", row.amount) for row in purchases()]
    (folder / "sales.csv").write_text(csv_text(("client", "date", "amount"), rows))
    return [folder / "sales.csv"]


def german(folder):
    def number(value):
        return f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")

    rows = [(row.customer, f"{row.at:%d.%m.%Y %H:%M}", number(40 * row.amount), "Käse") for row in purchases()]
    text = csv_text(("Kunden-Nr.", "Datum", "Betrag €", "Artikel"), rows, ";")
    (folder / "umsatz.csv").write_text(text.replace("€", "EUR"), encoding="latin-1")
    return [folder / "umsatz.csv"]


def decimal_commas(folder):
    rows = [(row.customer, f"{row.at:%Y-%m-%d}", f"{row.amount:.2f}".replace(".", ",")) for row in purchases()]
    (folder / "orders.csv").write_text("\ufeff" + csv_text(("kunde", "datum", "betrag"), rows, ";"), encoding="utf-8")
    return [folder / "orders.csv"]


def no_header(folder):
    rows = [(f"{row.customer:06}", f"{row.at:%Y-%m-%d %H:%M}", row.amount, row.quantity) for row in purchases()]
    (folder / "dump.csv").write_text(csv_text((), rows))
    return [folder / "dump.csv"]


def leading_zeros(folder):
    rows = [(f"{row.customer:08}", f"{row.at:%m/%d/%Y}", f"${row.amount:,.2f}") for row in purchases()]
    (folder / "invoices.csv").write_text(csv_text(("CustomerNo", "InvoiceDate", "Amount"), rows))
    return [folder / "invoices.csv"]


def utf16(folder):
    rows = [(row.customer, f"{row.at:%d-%b-%Y}", row.amount) for row in purchases()]
    (folder / "orders.txt").write_text(csv_text(("customer", "when", "amount"), rows, "\t"), encoding="utf-16")
    return [folder / "orders.txt"]


def aligned(folder):
    rows = [f" {row.customer:05} {row.at:%Y%m%d} {row.quantity:2} {row.amount:7.2f}" for row in purchases()]
    (folder / "master.txt").write_text("\n".join(rows) + "\n")
    return [folder / "master.txt"]


def parquet(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = purchases()
    table = pa.table(
        {
            "customer": [float(row.customer) for row in rows],
            "bought_at": [row.at for row in rows],
            "quantity": [row.quantity for row in rows],
            "price": [row.amount for row in rows],
        }
    )
    pq.write_table(table, folder / "purchases.parquet")
    return [folder / "purchases.parquet"]


def two_years(folder):
    """Two files with other headers, other ids and a month that stands in both."""
    rows = purchases()
    cut = date(2023, 9, 1)
    old = [row for row in rows if row.at.date() < cut + timedelta(days=30)]
    new = [row for row in rows if row.at.date() >= cut]
    (folder / "shop_2023.csv").write_text(
        csv_text(("Invoice", "CustomerID", "InvoiceDate", "Price", "Quantity"), _lines(old, "{}.0"))
    )
    (folder / "shop_2024.csv").write_text(
        csv_text(("InvoiceNo", "Customer ID", "Invoice Date", "UnitPrice", "Quantity"), _lines(new, "{}"))
    )
    return [folder / "shop_2023.csv", folder / "shop_2024.csv"]


def _lines(rows, id_form):
    return [
        (f"{row.at:%j%H%M}", id_form.format(row.customer), f"{row.at:%Y-%m-%d %H:%M:%S}", row.amount, row.quantity)
        for row in rows
    ]


def a_folder(folder):
    """A folder of months, all with one header."""
    inside = folder / "months"
    inside.mkdir()
    for month in sorted({f"{row.at:%Y-%m}" for row in purchases()}):
        rows = [
            (row.customer, f"{row.at:%Y-%m-%dT%H:%M:%S}+02:00", row.amount) for row in purchases() if f"{row.at:%Y-%m}" == month
        ]
        (inside / f"{month}.csv").write_text(csv_text(("member_id", "ordered_at", "total"), rows))
    return [inside]


def several_kinds(folder):
    """Purchases, visits and customers at once."""
    rows = purchases()
    (folder / "orders.csv").write_text(
        csv_text(("user_id", "order_date", "total"), [(row.customer, f"{row.at:%Y-%m-%d}", row.amount) for row in rows])
    )
    visits = [(row.customer, f"{row.at + timedelta(days=1):%Y-%m-%d}", "page") for row in rows[:-30]]
    (folder / "visits.csv").write_text(csv_text(("user_id", "visit_date", "action"), visits))
    people = [(number, "2023-01-01", "x") for number in range(1, CUSTOMERS + 1)]
    (folder / "users.csv").write_text(csv_text(("user_id", "signup_date", "city"), people))
    (folder / "plans.csv").write_text("plan,price\na,1\nb,2\n")
    return [folder / name for name in ("orders.csv", "visits.csv", "users.csv", "plans.csv")]


WAYS = (
    *(two_columns, thirty_columns, epoch_seconds, epoch_milliseconds, day_first, german, decimal_commas, no_header),
    *(leading_zeros, utf16, aligned, parquet, two_years, a_folder, several_kinds),
)
