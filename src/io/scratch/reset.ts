/** The statements that empty a database, but for what every database begins with, and a server of our own of its roles. */
import dropRoles from "../../../sql/scratch/drop_roles.sql";
import reset from "../../../sql/scratch/reset.sql";

export const resetSql: string = reset;
export const dropRolesSql: string = dropRoles;
