"""add email: the left side

Revision ID: b1
Revises: a1
Create Date: 2024-02-01 12:00:00

"""
from typing import Sequence, Union
from alembic import op
import sqlalchemy as sa

revision: str = "b1"
down_revision: Union[str, None] = "a1"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("email", sa.Text))
        batch.create_unique_constraint("users_email", ["email"])


def downgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.drop_constraint("users_email", type_="unique")
        batch.drop_column("email")
