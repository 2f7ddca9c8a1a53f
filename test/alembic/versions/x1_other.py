"""audit

Revision ID: x1
Revises:
Create Date: 2024-02-05 12:00:00

"""
from alembic import op
import sqlalchemy as sa
revision = 'x1'
down_revision = None
branch_labels = 'audit'
depends_on = 'b1'
def upgrade():
    op.create_table('audit', sa.Column('id', sa.Integer, sa.ForeignKey('users.id')))
def downgrade():
    raise NotImplementedError("no way back")
