/** What somebody, or some program, noted at a time. */
export interface Note {
  id: string;
  atMs: number;
  text: string;
  /** Who wrote it: a person's session, or a token by its name. */
  by: string;
}
