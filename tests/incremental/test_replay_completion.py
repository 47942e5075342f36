"""Every column of a small warehouse is deleted once, and asked for: the right one must be among the first five."""

from __future__ import annotations

from corpus.replay_completion import learned, positions, replay
from support.memory import ROOT, MemoryFiles

FILES = {
    "tables.sql": """\
CREATE TABLE shop.customers (
  customer_id INT PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, country CHAR(2), segment TEXT,
  is_active BOOLEAN, created_at TIMESTAMP
);
CREATE TABLE shop.products (product_id INT PRIMARY KEY, title TEXT, category TEXT, brand TEXT, price DECIMAL(9, 2));
CREATE TABLE shop.orders (
  order_id INT PRIMARY KEY, customer_id INT, status TEXT, channel TEXT, ordered_on DATE, shipped_on DATE, total DECIMAL(9, 2)
);
CREATE TABLE shop.lines (
  order_id INT, line_number INT, product_id INT, quantity INT, unit_price DECIMAL(9, 2), discount DECIMAL(9, 2)
);
""",
    "by_country.sql": """\
SELECT c.country, sum(o.total) AS revenue FROM shop.orders o JOIN shop.customers c ON o.customer_id = c.customer_id
WHERE o.status = 'paid' AND o.ordered_on >= '2024-01-01' GROUP BY c.country ORDER BY revenue DESC;
""",
    "by_category.sql": """\
SELECT p.category, sum(l.quantity * l.unit_price - l.discount) AS revenue, count(DISTINCT o.order_id) AS orders
FROM shop.orders o JOIN shop.lines l ON o.order_id = l.order_id JOIN shop.products p ON l.product_id = p.product_id
WHERE o.status = 'paid' AND o.ordered_on >= '2024-01-01' GROUP BY p.category ORDER BY revenue DESC;
""",
    "by_brand.sql": """\
WITH sold AS (
  SELECT l.product_id, sum(l.quantity) AS pieces, sum(l.quantity * l.unit_price) AS revenue
  FROM shop.lines l JOIN shop.orders o ON l.order_id = o.order_id WHERE o.status = 'paid' GROUP BY l.product_id
)
SELECT p.brand, sum(sold.pieces) AS pieces, sum(sold.revenue) AS revenue
FROM sold JOIN shop.products p ON sold.product_id = p.product_id GROUP BY p.brand ORDER BY pieces;
""",
    "loyal.sql": """\
SELECT c.customer_id, c.first_name, c.last_name, count(*) AS orders, max(o.ordered_on) AS last_order
FROM shop.customers c LEFT JOIN shop.orders o ON c.customer_id = o.customer_id WHERE c.is_active
GROUP BY c.customer_id, c.first_name, c.last_name HAVING count(o.order_id) > 3 ORDER BY orders DESC, c.last_name;
""",
    "channels.sql": """\
SELECT channel, ordered_on, total FROM shop.orders WHERE status = 'paid' AND channel = 'web'
UNION ALL
SELECT channel, ordered_on, total FROM shop.orders WHERE status = 'paid' AND channel = 'store';
""",
    "late.sql": """\
SELECT o.order_id, o.shipped_on, c.email FROM shop.orders o, shop.customers c
WHERE o.customer_id = c.customer_id AND o.shipped_on > o.ordered_on
AND EXISTS (SELECT 1 FROM shop.lines l WHERE l.order_id = o.order_id AND l.quantity > 10);
""",
}


def test_the_right_column_is_among_the_first_five() -> None:
    made = learned(MemoryFiles({f"{ROOT}/{name}": text for name, text in FILES.items()}), ROOT)
    tries = [replay(made, position) for position in list(positions(made))]
    assert len(tries) > 60
    late = [(each.position, each.shown) for each in tries if each.rank is None or each.rank >= 5]
    assert len(late) <= len(tries) // 10, late
    again = [replay(made, each.position).rank for each in tries]
    assert again == [each.rank for each in tries], "what was learned and taken back leaves no trace"
