"""A status
that goes on in a second line

Revision ID: f1
Revises: e1
Create Date: 2024-02-07 12:00:00

"""
from alembic import op

revision = 'f1'
down_revision = 'e1'
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE k2 ADD VALUE 'b'")


def downgrade():
    pass
