/** Where progress goes: standard error, so that standard output holds nothing but a command's result. */
export interface Screen {
  /** One line with the seconds since the command started. */
  line: (text: string) => void;
  /** Seconds since the command started. */
  elapsed: () => number;
}

export function openScreen(write: (text: string) => void, now: () => number): Screen {
  const start = now();
  const elapsed = () => (now() - start) / 1000;
  return { elapsed, line: (text) => write(`${elapsed().toFixed(1).padStart(7)} s  ${text}\n`) };
}
