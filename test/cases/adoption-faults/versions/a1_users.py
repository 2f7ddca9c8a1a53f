"""create users

Revision ID: a1
Revises: 
Create Date: 2024-01-31 12:00:00.123456

"""
from alembic import op
import sqlalchemy as sa

revision = 'a1'
down_revision = None
branch_labels = ('shop',)
depends_on = None


def upgrade() -> None:
    op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.Text, nullable=False))
    op.execute("INSERT INTO users (name) VALUES ('100%: -- Running upgrade a1 -> b1')")


def downgrade() -> None:
    op.drop_table('users')
