/** What the advantages are made from: the rewards of one episode's decisions, in order. */
export interface RewardedEpisode {
  group: string;
  rewards: readonly number[];
}

/** Below this a group's spread is rounding, not signal. */
const SMALLEST_SPREAD = 1e-8;

/**
 * Advantages, one a decision, in the shape of `episodes`. A group is the episodes of one world; its mean is the baseline
 * and its population standard deviation σ the scale, as in GRPO (Shao et al. 2024, arXiv:2402.03300, eq. 3).
 *
 * - outcome: R = Σ rewards of the episode; every decision of it gets (R − mean of R over the group) / σ(R).
 * - stepwise: G_t = Σ_{k ≥ t} r_k, the reward-to-go of decision t (Williams 1992: what came before a decision is no
 *   consequence of it). A decision gets (G_t − mean of G_t over the group's episodes at the same t) / σ, where σ² is the mean
 *   of these squared differences over all decisions of the group. The baseline is taken at the same t because reward-to-go
 *   shrinks towards the end of an episode: one mean for all t would praise every early decision and blame every late one
 *   (Greensmith et al. 2004 on baselines that depend on the state). One σ for all t, so that a decision by which little
 *   hangs isn't blown up.
 *
 * Where σ is 0, all advantages of the group are 0: equal returns say nothing about which decision was better.
 */
export function advantages(episodes: readonly RewardedEpisode[], stepwise: boolean): number[][] {
  const result: number[][] = episodes.map(() => []);
  for (const members of groupIndices(episodes).values()) {
    const values = members.map((member) => credit(episodes[member]!.rewards, stepwise));
    const longest = Math.max(...values.map((row) => row.length));
    // One column a decision index: the values of the episodes that got that far. For outcome all columns are equal.
    const baselines = Array.from({ length: longest }, (_, t) =>
      mean(values.filter((row) => t < row.length).map((row) => row[t]!)),
    );
    const differences = values.map((row) => row.map((value, t) => value - baselines[t]!));
    // Over episodes for outcome (first column), over decisions for stepwise.
    const spread = Math.sqrt(
      mean((stepwise ? differences.flat() : differences.map((row) => row[0] ?? 0)).map((d) => d * d)),
    );
    members.forEach((member, row) => {
      result[member] = differences[row]!.map((difference) => (spread < SMALLEST_SPREAD ? 0 : difference / spread));
    });
  }
  return result;
}

/** What a decision is credited with before the baseline: the episode's return, or its own reward-to-go. */
function credit(rewards: readonly number[], stepwise: boolean): number[] {
  const toGo = rewards.slice();
  for (let t = toGo.length - 2; t >= 0; t--) toGo[t] = toGo[t]! + toGo[t + 1]!;
  return stepwise ? toGo : rewards.map(() => toGo[0]!);
}

function groupIndices(episodes: readonly RewardedEpisode[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  episodes.forEach(({ group }, index) => groups.set(group, [...(groups.get(group) ?? []), index]));
  return groups;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
