import { type Manifest, stringAt } from "../manifest.ts";
import { READY, type Verdict, waiting } from "./verdict.ts";

/** A PersistentVolume is ready when it's Available or Bound. */
export function volumeVerdict(volume: Manifest): Verdict {
  const phase = stringAt(volume, "status", "phase");
  return phase === "Available" || phase === "Bound" ? READY : waiting(`its phase is ${phase ?? "not set yet"}`);
}

/**
 * A claim is ready when it's Bound; one whose storage class binds at the first consumer is ready as soon as it's
 * Pending, since the pod that will use it is created later. `bindingMode` is that class's, undefined without a class.
 */
export function claimVerdict(claim: Manifest, bindingMode: string | undefined): Verdict {
  const phase = stringAt(claim, "status", "phase");
  if (phase === "Bound" || (phase === "Pending" && bindingMode === "WaitForFirstConsumer")) return READY;
  return waiting(`its phase is ${phase ?? "not set yet"}, not Bound`);
}
