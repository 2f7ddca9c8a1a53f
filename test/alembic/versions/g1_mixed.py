"""rows, then an index

Revision ID: g1
Revises: f1
Create Date: 2024-02-08 12:00:00

"""
from alembic import op

revision = 'g1'
down_revision = 'f1'
branch_labels = None
depends_on = None


def upgrade():
    op.execute("UPDATE users SET name = lower(name)")
    with op.get_context().autocommit_block():
        op.create_index('users_email_key', 'users', ['email'], postgresql_concurrently=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index('users_email_key', postgresql_concurrently=True)
