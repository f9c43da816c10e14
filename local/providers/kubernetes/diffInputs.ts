import { plain } from "../protocol/propertyValues.ts";
import type { DiffRequest, DiffResponse } from "../protocol/provider.ts";
import { AUTONAMED, isPatch, isTrue } from "./annotations.ts";
import { inputDiff } from "./inputDiff.ts";
import { nameOf, namespaceOf } from "./manifest.ts";
import { normalize } from "./normalize.ts";
import { type Mutability, PATCH_REPLACE_PATHS, replacePaths } from "./replaceRules.ts";
import { parseState } from "./state.ts";

/**
 * What an update has to do. Compared are the inputs that were applied last with the new ones: what the server defaults or
 * stores in another form is never a change.
 *
 * A replacement deletes the old object first when the new one must have its name, in the same namespace.
 */
export function diffInputs(request: DiffRequest, mutable: Mutability): DiffResponse {
  const state = parseState(request.olds);
  const news = normalize(plain(request.news));
  const rules = isPatch(request.type, news) ? PATCH_REPLACE_PATHS : replacePaths(news, mutable);
  const changes = inputDiff(normalize(state.inputs), news, rules, request.ignoreChanges);
  const isReplaced = [...changes.values()].some(({ replace }) => replace);
  const isFixedName = nameOf(news) !== undefined && !isTrue(news, AUTONAMED);
  const staysThere = nameOf(news) === nameOf(state.live) && namespaceOf(news) === namespaceOf(state.live);
  return { changes, deleteBeforeReplace: isReplaced && isFixedName && staysThere };
}
