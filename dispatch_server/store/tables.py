"""The tables, as SQLAlchemy Core sees them; SQLite and PostgreSQL share them.

The truth of an incident, a room or a feed is one `aggregate` row: a JSON document with an optimistic
version. The
`incident_index`, `incident_viewer` and `assignment_index` rows are what lists and permissions ask; they
are written in the
same transaction and hold nothing that the documents do not.
Times that are compared or sorted are integers: milliseconds since 1970 UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

# SQLite only auto-increments a column whose type is spelt INTEGER.
_Position = BigInteger().with_variant(Integer, "sqlite")

agency = Table(
    "agency",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("parent_id", String(64), index=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("position", Integer, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("agency_id", String(64), nullable=False, index=True),
    Column("password_hash", Text),
    Column("contacts", Text, nullable=False),
    Column("active", Integer, nullable=False),
)

duty = Table(
    "duty",
    metadata,
    Column("department_id", String(64), primary_key=True),
    Column("doc", Text, nullable=False),
)

incident_type = Table(
    "incident_type",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("default_level", String(16), nullable=False),
    Column("position", Integer, nullable=False),
)

response_plan = Table(
    "response_plan",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("agency_id", String(64), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("doc", Text, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", String(64), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False, index=True),
)

sign_in_link = Table(
    "sign_in_link",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", String(64), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("id", _Position, primary_key=True, autoincrement=True),
    Column("subject", String(128), nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Index("sign_in_failure_subject", "subject", "at_ms"),
)

device = Table(
    "device",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("feed_id", String(64), nullable=False, index=True),
    Column("agency_id", String(64), nullable=False),
    Column("default_type", String(64), nullable=False),
    Column("revoked_ms", BigInteger),
)

player = Table(
    "player",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("feed_id", String(64), nullable=False, index=True),
    Column("agency_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("issued_by", String(64), nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)

aggregate = Table(
    "aggregate",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("scope_id", String(64), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("doc", Text, nullable=False),
)

incident_index = Table(
    "incident_index",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("agency_id", String(64), nullable=False),
    Column("agency_path", Text, nullable=False),
    Column("number", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("clock_stopped", Integer, nullable=False),
    Index("incident_index_state", "state", "received_ms"),
    Index("incident_index_path", "agency_path", "state"),
)

incident_viewer = Table(
    "incident_viewer",
    metadata,
    Column("incident_id", String(64), primary_key=True),
    Column("principal", String(96), primary_key=True, index=True),
)

assignment_index = Table(
    "assignment_index",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("incident_id", String(64), nullable=False, index=True),
    Column("department_id", String(64), nullable=False, index=True),
    Column("open", Integer, nullable=False),
)

order_index = Table(
    "order_index",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("incident_id", String(64), nullable=False),
)

journal_event = Table(
    "journal_event",
    metadata,
    Column("position", _Position, primary_key=True, autoincrement=True),
    Column("stream", String(96), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", String(32), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("actor_id", String(64)),
    Column("payload", Text),
    Column("salt", String(64)),
    Column("payload_hash", String(64), nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("journal_event_stream", "stream", "seq", unique=True),
)

stream_head = Table(
    "stream_head",
    metadata,
    Column("stream", String(96), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

due = Table(
    "due",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("incident_id", String(64), nullable=False, index=True),
    Column("doc", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("doc", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False, index=True),
)

command = Table(
    "command",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False),
    Column("reply", Text, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("value", Integer, nullable=False),
)

position = Table(
    "position",
    metadata,
    Column("feed_id", String(64), primary_key=True),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("accuracy_m", Float),
    Column("at_ms", BigInteger, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
