/** What a command tells of the files it reads, before it reads them. */
export interface Reads {
  readonly file: (path: string) => void;
  /** The files of a folder whose names end in `.sql`. */
  readonly folder: (path: string) => void;
  /** Something whose changes nobody can tell, such as a database. */
  readonly other: () => void;
}
