import { ConfigError } from "../base/errors.ts";
import { type FlagName, flagNamed } from "./flags.ts";
import { SHOWN_VALUE_MAX } from "./limits.ts";
import type { ValueKind } from "./values.ts";

/** The environment, by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Flags given, each with its values in order; a switch has the value `true`. */
export type FlagValues = ReadonlyMap<string, readonly string[]>;

/** A text and where it was found, so that an error can name the place. */
export interface Found {
  /** Such as `flag --workers` or `variable NODE_NAME`. */
  readonly place: string;
  readonly text: string;
}

/**
 * Looks settings up by name. A flag outranks its variable, and a variable that
 * is set to the empty text counts as not set.
 */
export class Settings {
  readonly #flags: FlagValues;
  readonly #variables: Variables;

  constructor(flags: FlagValues, variables: Variables) {
    this.#flags = flags;
    this.#variables = variables;
  }

  /** The flag, else the variable that stands for it. */
  named(name: FlagName): Found | undefined {
    const { variable } = flagNamed(name);
    return this.flag(name) ??
      (variable === undefined ? undefined : this.variable(variable));
  }

  flag(name: FlagName): Found | undefined {
    const text = this.#flags.get(name)?.[0];
    return text === undefined ? undefined : { place: `flag --${name}`, text };
  }

  /** Every value of a flag that may be repeated, in order. */
  flags(name: FlagName): readonly string[] {
    return this.#flags.get(name) ?? [];
  }

  isOn(name: FlagName): boolean {
    return this.#flags.has(name);
  }

  variable(name: string): Found | undefined {
    const text = this.#variables[name];
    if (text === undefined || text === "") return undefined;
    return { place: `variable ${name}`, text };
  }

  /** Whether the variable is set, and to nothing. */
  isEmptied(name: string): boolean {
    return this.#variables[name] === "";
  }

  /** Variables whose name begins with `prefix` and goes on, sorted by name. */
  withPrefix(prefix: string): readonly { rest: string; found: Found }[] {
    return Object.keys(this.#variables).sort().flatMap((name) => {
      const text = this.#variables[name];
      if (!name.startsWith(prefix) || name === prefix || text === undefined) {
        return [];
      }
      const found = { place: `variable ${name}`, text };
      return [{ rest: name.slice(prefix.length), found }];
    });
  }

  /** Reads one variable; `otherwise` when it is not set. */
  read<T, D>(name: string, kind: ValueKind<T>, otherwise: D): T | D {
    return readAs(this.variable(name), kind, otherwise);
  }

  /** Reads one flag or its variable; `otherwise` when neither is set. */
  readNamed<T, D>(name: FlagName, kind: ValueKind<T>, otherwise: D): T | D {
    return readAs(this.named(name), kind, otherwise);
  }
}

/**
 * Turns a found text into its value.
 *
 * @throws {ConfigError} naming place, value and what is wanted.
 */
export function readAs<T, D>(
  found: Found | undefined,
  kind: ValueKind<T>,
  otherwise: D,
): T | D {
  if (found === undefined) return otherwise;
  const value = kind.read(found.text);
  if (value === undefined) throw invalid(found, `want ${kind.want}`);
  return value;
}

/** The error for a value that cannot be used. */
export function invalid(found: Found, why: string): ConfigError {
  return new ConfigError(`invalid ${describe(found)}: ${why}`);
}

/** Place and value on one line, the value cut where it gets long. */
export function describe({ place, text }: Found): string {
  const shown = text.length <= SHOWN_VALUE_MAX
    ? text
    : `${text.slice(0, SHOWN_VALUE_MAX)}...`;
  return `${place} ${JSON.stringify(shown)}`;
}
