"""merge b1 and b2

Revision ID: c1
Revises: b1, b2
Create Date: 2024-02-03 12:00:00

"""
revision = 'c1'
down_revision = (
    'b1',
    'b2',  # the right one
)
branch_labels = None
depends_on = None


def upgrade():
    """Nothing to do."""
    pass


def downgrade():
    pass
