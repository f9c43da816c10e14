/** The programs can't be had, or what came isn't what it should be. The message names what was tried and the remedy. */
export class ToolchainError extends Error {
  override name = "ToolchainError";
}
