"""index concurrently

Revision ID: b2
Revises: a1
Create Date: 2024-02-02 12:00:00

"""
from alembic import op
revision = 'b2'
down_revision = 'a1'
branch_labels = None
depends_on = None
def upgrade():
    with op.get_context().autocommit_block():
        op.create_index('users_name', 'users', ['name'], postgresql_concurrently=True)
def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index('users_name', postgresql_concurrently=True)
