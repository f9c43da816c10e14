/**
 * Most operations that the engine has under way at once. Its own limit is four for each core, and a server that starts holds one of
 * them for minutes: pairs would come up a few at a time, depending on the machine that the command runs on.
 */
const PARALLEL = 512;

/** The variable that tells the engine. */
export const parallelVariable = { PULUMI_PARALLEL: String(PARALLEL) };
