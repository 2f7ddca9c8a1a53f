"""fill emails

Revision ID: d1
Revises: c1
Create Date: 2024-02-04 12:00:00

"""
from alembic import op
import sqlalchemy as sa
revision = 'd1'
down_revision = 'c1'
branch_labels = None
depends_on = None
def upgrade():
    bind = op.get_bind()
    for row in bind.execute(sa.text("SELECT id FROM users")).fetchall():
        bind.execute(sa.text("UPDATE users SET email = 'x' WHERE id = :id"), {"id": row.id})
def downgrade():
    op.execute("UPDATE users SET email = NULL")
