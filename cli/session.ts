import type { VerbContext } from "./command.ts";
import { ContextSession } from "./contextSession.ts";
import { EMBEDDED } from "./embeddedName.ts";
import { EmbeddedSession } from "./embeddedSession.ts";
import type { StackSession } from "./stackSession.ts";
import type { Target } from "./target.ts";

/** The session of a stack that this program runs; null for one that the user's own Pulumi runs. */
export function sessionOf({ stack, context }: Target, verbContext: VerbContext): StackSession | null {
  if (context !== undefined) return new ContextSession(stack, context, verbContext);
  return stack === EMBEDDED ? new EmbeddedSession(verbContext) : null;
}
