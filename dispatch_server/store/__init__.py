"""The store: SQLAlchemy over SQLite or PostgreSQL, one writer, aggregates as documents, the journal as
rows.
"""
