/** What every slow step of the embedded stack gets: somewhere to report to, and a way to be told to stop. */
export interface LocalContext {
  /** Called with one short line at the start of a phase and at least every few seconds while it lasts. */
  progress: (message: string) => void;
  /** Aborted by Ctrl-C; a step then throws the signal's reason and leaves what the next start can recover from. */
  signal: AbortSignal;
}
