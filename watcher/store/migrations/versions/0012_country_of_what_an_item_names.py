"""The country of what an item names"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('item_entities', schema=None) as batch_op:
        batch_op.add_column(sa.Column('country', sa.String(length=3), nullable=True))

