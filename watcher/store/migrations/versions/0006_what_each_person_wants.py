"""What each person wants, as one value; invitations, confirmations of mail addresses, and rules held still"""

import json

import sqlalchemy as sa
from alembic import op
import watcher.store.types

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('invitations',
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('uses_left', sa.Integer(), nullable=False),
    sa.Column('expires_at', watcher.store.types.Moment(), nullable=True),
    sa.Column('created_at', watcher.store.types.Moment(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_invitations'))
    )
    op.create_table('silences',
    sa.Column('rule_id', sa.String(length=64), nullable=False),
    sa.Column('until', watcher.store.types.Moment(), nullable=True),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('at', watcher.store.types.Moment(), nullable=False),
    sa.PrimaryKeyConstraint('rule_id', name=op.f('pk_silences'))
    )
    op.create_table('confirmations',
    sa.Column('mailbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('expires_at', watcher.store.types.Moment(), nullable=False),
    sa.ForeignKeyConstraint(['mailbox_id'], ['subscribers.id'], name=op.f('fk_confirmations_mailbox_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['owner_id'], ['subscribers.id'], name=op.f('fk_confirmations_owner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('mailbox_id', name=op.f('pk_confirmations'))
    )
    with op.batch_alter_table('confirmations', schema=None) as batch_op:
        batch_op.create_index('ix_confirmations_owner_id', ['owner_id'], unique=False)

    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.add_column(sa.Column('why', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('rules', watcher.store.types.Json(), nullable=True))
    op.execute("UPDATE feedback SET why = '', rules = '[]'")
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.alter_column('why', existing_type=sa.String(length=16), nullable=False)
        batch_op.alter_column('rules', existing_type=watcher.store.types.Json(), nullable=False)

    with op.batch_alter_table('subscribers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('wishes', watcher.store.types.Json(), nullable=True))
        batch_op.add_column(sa.Column('role', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('joined', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('thread', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('owner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_index('ix_subscribers_owner_id', ['owner_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_subscribers_owner_id'), 'subscribers', ['owner_id'], ['id'], ondelete='CASCADE')
    _carry_over()
    with op.batch_alter_table('subscribers', schema=None) as batch_op:
        batch_op.alter_column('wishes', existing_type=watcher.store.types.Json(), nullable=False)
        batch_op.alter_column('role', existing_type=sa.String(length=16), nullable=False)
        batch_op.alter_column('joined', existing_type=sa.String(length=16), nullable=False)
        for column in ('topics', 'muted', 'min_severity', 'alerts', 'digest_at', 'tz'):
            batch_op.drop_column(column)


def _carry_over() -> None:
    """What people had chosen, in the form of notifier.wishes; whoever never started has not joined."""
    table = sa.table('subscribers', *(sa.column(c) for c in (
        'id', 'topics', 'muted', 'min_severity', 'alerts', 'digest_at', 'tz', 'state_reason', 'wishes', 'role', 'joined',
    )))
    conn = op.get_bind()
    for row in conn.execute(sa.select(table)).all():
        wishes = {
            'follows': [{'of': 'topic', 'what': t} for t in json.loads(row.topics)] if row.topics is not None else None,
            'mutes': [{'of': 'topic', 'what': t, 'until': None} for t in json.loads(row.muted)],
            'min_severity': row.min_severity, 'alerts': bool(row.alerts), 'digest_at': row.digest_at, 'tz': row.tz,
        }
        joined = 'no' if row.state_reason == 'never sent /start' else 'operator'
        values = {'wishes': json.dumps(wishes), 'role': 'subscriber', 'joined': joined}
        conn.execute(sa.update(table).where(table.c.id == row.id).values(**values))
