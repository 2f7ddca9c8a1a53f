/** What a command tells of what it reads, before it reads it. */
export interface Reads {
  readonly file: (path: string) => void;
  /** The files of a folder that are SQL by their names. */
  readonly folder: (path: string) => void;
  /** The ledger of the project's database; its fingerprint was taken before it was read. */
  readonly ledger: (fingerprint: string) => void;
  /** Something else: nobody can tell whether it has changed, or nobody should do it again. */
  readonly other: () => void;
  /** Whether it is of any use to tell. */
  readonly recording: boolean;
}

/** Which files of a folder are read: those whose names end in `.sql` and begin with no dot. */
export const isSqlName = (name: string): boolean =>
  name.slice(-4).toLowerCase() === ".sql" && name[0] !== ".";
