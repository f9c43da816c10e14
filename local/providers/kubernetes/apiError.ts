import { at, listAt, stringAt } from "./manifest.ts";
import type { PropertyValue } from "../protocol/propertyValues.ts";

/** The API server's refusal, or that it didn't answer (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  /** The machine-readable word of the Status object: `AlreadyExists`, `Conflict`, `Invalid`… */
  readonly reason: string;
  /** The fields at fault, as the server names them. */
  readonly causes: { reason: string; field: string; message: string }[];

  constructor(status: number, body: PropertyValue | undefined, fallback: string) {
    super(stringAt(body, "message") ?? fallback);
    this.name = "ApiError";
    this.status = status;
    this.reason = stringAt(body, "reason") ?? "";
    this.causes = listAt(body, "details", "causes").map((cause) => ({
      reason: stringAt(cause, "reason") ?? "",
      field: stringAt(cause, "field") ?? "",
      message: String(at(cause, "message") ?? ""),
    }));
  }
}

const isApiError = (error: unknown): error is ApiError => error instanceof ApiError;

export const isNotFound = (error: unknown) => isApiError(error) && error.status === 404;
export const isAlreadyExists = (error: unknown) => isApiError(error) && error.reason === "AlreadyExists";
export const isConflict = (error: unknown) => isApiError(error) && error.reason === "Conflict";
export const isForbidden = (error: unknown) => isApiError(error) && error.status === 403;
export const isUnreachable = (error: unknown) => isApiError(error) && error.status === 0;

/** The object's namespace isn't there (yet), as opposed to the object itself. */
export function isNamespaceNotFound(error: unknown): boolean {
  return isNotFound(error) && /^namespaces "/.test((error as ApiError).message);
}

/** A field that can't be changed once it's set. */
export function isImmutable(error: unknown): boolean {
  return isApiError(error) && error.status === 422 && /field is immutable/.test(error.message);
}
