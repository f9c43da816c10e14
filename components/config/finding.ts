/** Something that the schema cannot say: a combination that no run can have, and why. */
export interface Finding {
  path: string;
  what: string;
  write: string;
}
