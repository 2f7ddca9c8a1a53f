"""last

Revision ID: e1
Revises: d1
Create Date: 2024-02-06 12:00:00

"""
from alembic import op
import sqlalchemy as sa
revision = 'e1'
down_revision = 'd1'
branch_labels = None
depends_on = ['x1']
def upgrade():
    sa.Enum('a', 'b', name='kind').create(op.get_bind(), checkfirst=False)
    op.add_column('audit', sa.Column('kind', sa.Enum('a', 'b', name='kind')))
    op.execute("CREATE TYPE k2 AS ENUM ('a')")
def downgrade():
    op.drop_column('audit', 'kind')
    op.execute("DROP TYPE k2")
