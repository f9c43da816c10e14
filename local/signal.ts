/**
 * Sends a signal to a process, or to a process group by the negative number of its leader.
 *
 * @returns false when there is none any more: between the moment it was seen and this one it may have ended by itself.
 * @throws any other refusal of the kernel, as a missing right
 */
export function sendSignal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}
