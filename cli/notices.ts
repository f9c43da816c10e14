import { formatNotice, type Notice } from "../components/config/notices.ts";
import type { Screen } from "./screen.ts";

/** What a user should know of a plan that is no reason to refuse it, each on a line. */
export function sayNotices({ notices }: { notices: readonly Notice[] }, screen: Screen): void {
  for (const notice of notices) screen.line(`notice: ${formatNotice(notice)}`);
}
