/** Name of the stack that `npm start` runs on this machine's own cluster. */
export const EMBEDDED = "local";
