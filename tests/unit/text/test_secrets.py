"""What counts as a secret, and what only looks like one; no text that went through ``masked`` holds one."""

from __future__ import annotations

import pytest

from pipesense.text.secrets import find_secrets, masked, shows_secrets

SECRETS = [
    ('con="postgresql://u:p4ss@h/db"', "p4ss"),
    ('API_KEY = "sk_live_51Habcdefghijklmnopqrstuv"', "sk_live_51Habcdefghijklmnopqrstuv"),
    ("key = 'AKIAQYLPMN5HGF7ZK2WX'", "AKIAQYLPMN5HGF7ZK2WX"),
    ('{"password": "kT9!vbQ2"}', "kT9!vbQ2"),
    ("SMTP_PASSWORD: str = 'q8Xw#2mLp'", "q8Xw#2mLp"),
    ("os.environ['DB_PASSWORD'] = 'Zx81-ghh2'", "Zx81-ghh2"),
    ('token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"', "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ('"https://hooks.slack.com/services/T0000AAAA/B0000BBBB/c0ffeec0ffeec0ffeec0ffee"', "T0000AAAA/B0000BBBB/c0ffeec0ffeec0ffeec0ffee"),
    ('headers={"Authorization": "Bearer 8fK2mPq7Xv9Lr4Tz6Wn1Yb3Cd5"}', "8fK2mPq7Xv9Lr4Tz6Wn1Yb3Cd5"),
    ('conn="Endpoint=sb://ns/;SharedAccessKeyName=k;SharedAccessKey=q7Zx81ghhABCd2f3g4h5j6k7l8m9n0pQrStUvWx1yz2="', "q7Zx81ghhABCd2f3g4h5j6k7l8m9n0pQrStUvWx1yz2="),
    ('Token("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqb2UifQ.ipevRNuRP6HflG8cFKnmUPtypruRC4fb1DWt")', "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqb2UifQ.ipevRNuRP6HflG8cFKnmUPtypruRC4fb1DWt"),
    ('connect("host=w.example.com user=loader password=kT9!vbQ2")', "kT9!vbQ2"),
    ('connect("password=kT9!vbQ2 host=w.example.com")', "kT9!vbQ2"),
    ('connect("DRIVER={SQL Server};SERVER=tcp:erp,1433;UID=loader;PWD=kT9!vbQ2;")', "kT9!vbQ2"),
    ('"jdbc:postgresql://w.example.com/core?user=loader&password=kT9!vbQ2&ssl=true"', "kT9!vbQ2"),
    ("snowflake://loader:Hx7_kq!2@acme.eu-central-1/core", "Hx7_kq!2"),
]  # fmt: skip
NONE = [
    'con="postgresql://user:password@host/db"',
    'con="postgresql://postgres:postgres@db/core"',
    'con="postgresql://loader:s3cret-of-mine@localhost:5432/core"',
    'con=f"postgresql://loader:{password}@h/db"',
    'con="postgresql://loader:%s@h/db" % password',
    'con="postgresql://loader:{{ conn.w.password }}@h/db"',
    'con="postgresql://loader:$PASSWORD@h/db"',
    'found = re.match(r"postgresql://([^:]+):([^@]+)@([^:]+):(\\d+)", server)',
    'found = re.match(r"postgresql://(\\w+):(\\w+)@(\\w+)", server)',
    '"1c": {"user": "1C_USER", "password": "1C_PASSWORD"}',
    'password="changeme"',
    'password="your-password-1"',
    'password = os.environ["WAREHOUSE_PASSWORD"]',
    'secret="orders-api-key"',
    'SECRET_NAME = "projects/warehouse/secrets/loader-api-key/versions/3"',
    'api_key = "bugzilla_api_key_v2"',
    'password = Variable.get("loader_password_2")',
    'aws_access_key = "AKIAIOSFODNN7EXAMPLE"',
    'url = "https://example.com/path?next=https://a@b.example"',
    'PASSWORD_PATTERN = r"^(?=.*[A-Z])(?=.*\\d).{8,}$"',
    'headers={"Authorization": f"Bearer {token_of_the_warehouse_2}"}',
    'headers={"Authorization": "Bearer <your-token-of-32-characters>"}',
    'headers={"Authorization": "Bearer YOUR_ACCESS_TOKEN_GOES_HERE"}',
    'headers={"Authorization": "Bearer {{ conn.orders_api.password_2 }}"}',
    'conn=f"Endpoint=sb://ns/;SharedAccessKeyName=k;SharedAccessKey={key_of_the_namespace_in_the_vault}"',
    'conn="Endpoint=sb://ns/;SharedAccessKeyName=k;SharedAccessKey=<your key>"',
    'sort_key = "created_at"',
    'connect("host=localhost user=loader password=kT9!vbQ2")',
    'connect("password=kT9!vbQ2 host=127.0.0.1")',
    '"jdbc:postgresql://localhost:5432/core?user=loader&password=kT9!vbQ2"',
    'connect(f"host=w.example.com user=loader password={password_of_2}")',
    'connect("host=w.example.com user=loader password=%s" % word)',
    'connect("host=w user=loader password=$PASSWORD_2")',
    'connect("host=HOST user=USER password=YOUR_PASSWORD_2")',
    "connect(host=w, user=loader, password=password_of_2)",
    "say('where user=loader and password=kT9!vbQ2')",
    'partition_key="customer-1"',
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_are_found_to_the_letter(text: str, secret: str) -> None:
    assert [found.span.of(text) for found in find_secrets(text)] == [secret]
    assert secret not in masked(text)
    assert masked(text) == text.replace(secret, "***")


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert list(find_secrets(text)) == []
    assert masked(text) == text


@pytest.mark.parametrize(("text", "secret"), SECRETS)
@pytest.mark.parametrize("around", ["x = 1\n", "café = 'İ'\n"], ids=["plain", "letters that grow"])
def test_a_line_with_a_secret_shows_it(text: str, secret: str, around: str) -> None:
    whole = f"{around}{text}\n{around}"
    assert any(len(around) <= at < len(around) + len(text) for at in shows_secrets(whole))


def test_a_text_without_signs_shows_none() -> None:
    assert list(shows_secrets("x = load('orders')\ny = x @ x\n")) == []
