/** What kind of thing went wrong; one closed set, so that a switch on it is checked. */
export type ErrorCode =
  | "CONFIG"
  | "PROTOCOL"
  | "SYSCALL"
  | "DIAL"
  | "IDENTITY"
  | "BIND"
  | "REDIRECT"
  | "AGENT"
  | "API";

/** The root of every error that hairpin raises on purpose. */
export abstract class HairpinError extends Error {
  abstract readonly code: ErrorCode;

  override get name(): string {
    return this.constructor.name;
  }
}

/**
 * A flag, variable, file, document or field that cannot be used. Its message is
 * one line that names the place and the value; at start it ends the process
 * with exit code 2.
 */
export class ConfigError extends HairpinError {
  readonly code = "CONFIG";
}

/** The message of anything thrown, on one line. */
export function messageOf(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return text.replaceAll(/\s*\n\s*/g, " ");
}
