"""Alembic's entry: runs the numbered steps on the connection that `watcher.store.schema` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=context.config.attributes.get("metadata"), render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
