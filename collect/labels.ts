/** Labels by which the objects of a stack are found; components/labels write them. */
export const RUN_LABEL = "rewardlab.dev/run";
export const PART_LABEL = "rewardlab.dev/part";
