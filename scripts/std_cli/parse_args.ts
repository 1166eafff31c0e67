/**
 * Stands in for `@std/cli/parse-args` of JSR on machines that cannot reach JSR:
 * the same export, the same answers for the options below. Not covered, as
 * nothing here needs it: dotted names, `boolean: true`, and values glued to a
 * short flag (`-n5`).
 */

/** What the caller expects on the command line. */
export interface ParseOptions {
  /** Keep what follows `--` under that key instead of in `_`. Default false. */
  "--"?: boolean;
  /** Other names of a flag; each gets the same value. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Flags without a value, false unless given. */
  boolean?: string | readonly string[];
  /** Values of flags that are not given. */
  default?: Readonly<Record<string, unknown>>;
  /** Take everything from the first non-flag on as it is. Default false. */
  stopEarly?: boolean;
  /** Flags whose value stays text; without a value they are the empty text. */
  string?: string | readonly string[];
  /** Flags that gather all their values in an array, empty unless given. */
  collect?: string | readonly string[];
  /** Flags that `--no-NAME` sets to false. */
  negatable?: string | readonly string[];
  /** Told each argument that nothing above names; false leaves it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Flags by name, and in `_` what is no flag: numbers where they look like it, unless `string` names `_`. */
export type Args = Record<string, unknown> & {
  _: (string | number)[];
  "--"?: string[];
};

/** Reads a command line. The last value of a repeated flag counts unless it collects. */
export function parseArgs(args: string[], options: ParseOptions = {}): Args {
  return new Reading(args, options).run();
}

const list = (names: string | readonly string[] | undefined) =>
  names === undefined ? [] : typeof names === "string" ? [names] : names;

const looksNumeric = (text: string) =>
  /^0x[0-9a-f]+$/i.test(text) ||
  /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(text);

/** Groups of names that stand for the same flag, found by any of them. */
function groupsOf(alias: ParseOptions["alias"] = {}): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, others] of Object.entries(alias)) {
    const group = [name, ...list(others)];
    for (const member of group) groups.set(member, group);
  }
  return groups;
}

class Reading {
  readonly #options: ParseOptions;
  readonly #groups: Map<string, string[]>;
  readonly #kinds: Record<
    "boolean" | "string" | "collect" | "negatable",
    ReadonlySet<string>
  >;
  readonly #result: Args = { _: [] };
  readonly #queue: string[];
  readonly #afterDashes: string[];

  constructor(args: string[], options: ParseOptions) {
    this.#options = options;
    this.#groups = groupsOf(options.alias);
    this.#kinds = {
      boolean: this.#named(options.boolean),
      string: this.#named(options.string),
      collect: this.#named(options.collect),
      negatable: this.#named(options.negatable),
    };
    const dashes = args.indexOf("--");
    this.#queue = dashes < 0 ? [...args] : args.slice(0, dashes);
    this.#afterDashes = dashes < 0 ? [] : args.slice(dashes + 1);
  }

  run(): Args {
    for (let arg = this.#queue.shift(); arg !== undefined;) {
      if (arg.startsWith("--")) this.#long(arg);
      else if (/^-./.test(arg)) this.#short(arg);
      else if (this.#positional(arg)) break;
      arg = this.#queue.shift();
    }
    this.#fillIn();
    if (this.#options["--"] === true) this.#result["--"] = this.#afterDashes;
    else this.#result._.push(...this.#afterDashes);
    return this.#result;
  }

  #named(names: string | readonly string[] | undefined): Set<string> {
    return new Set(list(names).flatMap((n) => this.#groups.get(n) ?? [n]));
  }

  /** @returns whether everything that follows was taken with it. */
  #positional(arg: string): boolean {
    if (this.#options.unknown?.(arg) !== false) {
      const number = !this.#kinds.string.has("_") && looksNumeric(arg);
      this.#result._.push(number ? Number(arg) : arg);
    }
    if (this.#options.stopEarly !== true) return false;
    this.#result._.push(...this.#queue);
    return true;
  }

  #long(arg: string): void {
    const equals = arg.indexOf("=", 3);
    if (equals > 0) {
      const key = arg.slice(2, equals);
      const value = arg.slice(equals + 1);
      this.#set(key, this.#isSwitch(key) ? value !== "false" : value, arg);
      return;
    }
    const key = arg.slice(2);
    const positive = key.replace(/^no-/, "");
    if (positive !== key && this.#kinds.negatable.has(positive)) {
      this.#set(positive, false, arg);
    } else {
      this.#set(key, this.#nextValue(key), arg);
    }
  }

  /** `-a`, `-a VALUE`, `-a=VALUE`, and switches written together: `-ab`. */
  #short(arg: string): void {
    const equals = arg.indexOf("=");
    const letters = arg.slice(1, equals < 0 ? undefined : equals);
    for (const letter of letters.slice(0, -1)) {
      this.#set(letter, this.#kinds.string.has(letter) ? "" : true, arg);
    }
    const last = letters.slice(-1);
    this.#set(
      last,
      equals < 0 ? this.#nextValue(last) : arg.slice(equals + 1),
      arg,
    );
  }

  #isSwitch(key: string): boolean {
    return this.#kinds.boolean.has(key);
  }

  /** Takes the argument behind a flag when it is its value. */
  #nextValue(key: string): string | boolean {
    const next = this.#queue[0];
    const word = next === "true" || next === "false";
    if (this.#isSwitch(key)) {
      if (!word) return true;
      return this.#queue.shift() !== "false";
    }
    if (next !== undefined && next !== "" && !next.startsWith("-")) {
      this.#queue.shift();
      return next;
    }
    return this.#kinds.string.has(key) ? "" : true;
  }

  #set(key: string, value: string | boolean, arg: string): void {
    const known = this.#isSwitch(key) || this.#kinds.string.has(key) ||
      this.#groups.has(key);
    if (!known && this.#options.unknown?.(arg, key, value) === false) return;
    const number = typeof value === "string" && looksNumeric(value) &&
      !this.#kinds.string.has(key);
    for (const name of this.#groups.get(key) ?? [key]) {
      this.#store(name, number ? Number(value) : value);
    }
  }

  #store(name: string, value: unknown): void {
    const collects = this.#kinds.collect.has(name) && value !== false;
    const before = this.#result[name];
    if (!collects) this.#result[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else this.#result[name] = [value];
  }

  #fillIn(): void {
    const fill = (name: string, value: unknown) => {
      if (!Object.hasOwn(this.#result, name)) this.#result[name] = value;
    };
    for (const [key, value] of Object.entries(this.#options.default ?? {})) {
      for (const name of this.#groups.get(key) ?? [key]) fill(name, value);
    }
    for (const name of this.#kinds.boolean) {
      fill(name, this.#kinds.collect.has(name) ? [] : false);
    }
    for (const name of this.#kinds.string) {
      if (this.#kinds.collect.has(name)) fill(name, []);
    }
  }
}
