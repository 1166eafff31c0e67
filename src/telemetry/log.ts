/**
 * Structured log with ztunnel's scopes, levels and shapes. One instance a
 * thread: a change of level reaches another thread as filter text.
 */
import { ConfigError } from "../base/errors.ts";
import {
  formatFilter,
  levelFor,
  type LogFilter,
  type LogLevel,
  mergeFilters,
  parseFilter,
  rankOf,
} from "./log_filter.ts";
import {
  type Fields,
  formatLine,
  type LogFormat,
  type LogLine,
  type Span,
  TARGET_PREFIX,
} from "./log_format.ts";

export { display } from "./log_format.ts";
export type { Fields, FieldValue, LogFormat, Span } from "./log_format.ts";
export type { LogLevel } from "./log_filter.ts";

/** Says what happens in one scope. A disabled level costs one comparison. */
export interface Logger {
  error(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  trace(message: string, fields?: Fields): void;
  /** Ask before building fields that are dear. */
  enabled(level: Exclude<LogLevel, "off">): boolean;
  /** The same scope, inside one more span. */
  within(span: Span): Logger;
}

export interface LoggingOptions {
  readonly format: LogFormat;
  /** As in `RUST_LOG`; {@link DEFAULT_DIRECTIVES} are put in front. */
  readonly filter: string;
  /** Takes whole lines, at most once a turn; what it throws is only counted. */
  readonly write: (text: string) => void;
  readonly now: () => Date;
}

/**
 * In front of every start-up filter. hairpin has no such scope: ztunnel has,
 * and tools compare what `/logging` answers.
 */
export const DEFAULT_DIRECTIVES = "hickory_server::server=off";

/** Lines held back within one turn, at most; as many as ztunnel buffers. */
export const LINES_PENDING_MAX = 10_000;

/** Scopes that carry no `ztunnel::` prefix: the access logs. */
const BARE_SCOPES: ReadonlySet<string> = new Set(["access", "dns"]);

/** @throws {ConfigError} when `filter` cannot be read. */
export function createLogging(options: LoggingOptions): Logging {
  const start = parseFilter(`${DEFAULT_DIRECTIVES},${options.filter}`);
  if (start === undefined) {
    throw new ConfigError(
      `Cannot read log filter "${options.filter}": ` +
        "want a comma list of level and target=level",
    );
  }
  return new Logging(options, start);
}

export class Logging {
  readonly #options: LoggingOptions;
  readonly #atStart: LogFilter;
  #filter: LogFilter;
  readonly #scopes = new Map<string, Scope>();
  #pending: string[] = [];
  #linesLost = 0;

  /** Made by {@link createLogging}. */
  constructor(options: LoggingOptions, start: LogFilter) {
    this.#options = options;
    this.#atStart = start;
    this.#filter = start;
  }

  /** The filter in force, complete: what another thread's instance is told. */
  get filter(): string {
    return formatFilter(this.#filter);
  }

  /** Lines that the writer refused. */
  get linesLost(): number {
    return this.#linesLost;
  }

  /**
   * A logger for one scope.
   *
   * @param name Without `ztunnel::`, such as `proxy::inbound` or `access`.
   * @param spans Outermost first.
   */
  scope(name: string, ...spans: Span[]): Logger {
    const target = BARE_SCOPES.has(name) ? name : TARGET_PREFIX + name;
    return new ScopedLogger(this.#scopeOf(target), spans);
  }

  /** Replaces the filter in force. False, and no change, for a bad one. */
  setFilter(text: string): boolean {
    return this.#adopt(parseFilter(text));
  }

  /** Adds `text` to the filter in force. False, and no change, for a bad one. */
  mergeFilter(text: string): boolean {
    const over = parseFilter(text);
    return this.#adopt(over && mergeFilters(this.#filter, over));
  }

  /**
   * Goes back to the start-up filter, and adds `text` to it when given. False,
   * and no change, when that is a bad one.
   */
  resetFilter(text?: string): boolean {
    if (text === undefined) return this.#adopt(this.#atStart);
    const over = parseFilter(text);
    return this.#adopt(over && mergeFilters(this.#atStart, over));
  }

  /**
   * Writes a line that has its form already, among the others.
   *
   * @param line With its line feed, and no other.
   */
  writeLine(line: string): void {
    if (this.#pending.length === 0) queueMicrotask(() => this.flush());
    this.#pending.push(line);
    if (this.#pending.length >= LINES_PENDING_MAX) this.flush();
  }

  /** Writes what is held back now; for the last lines before an exit. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const lines = this.#pending;
    this.#pending = [];
    try {
      this.#options.write(lines.join(""));
    } catch {
      // A log that nobody can read is no reason to stop carrying traffic.
      this.#linesLost += lines.length;
    }
  }

  #adopt(filter: LogFilter | undefined): boolean {
    if (filter === undefined) return false;
    this.#filter = filter;
    for (const scope of this.#scopes.values()) {
      scope.rank = rankOf(levelFor(filter, scope.target));
    }
    return true;
  }

  #scopeOf(target: string): Scope {
    const known = this.#scopes.get(target);
    if (known !== undefined) return known;
    const made: Scope = {
      target,
      rank: rankOf(levelFor(this.#filter, target)),
      now: this.#options.now,
      say: (line) => this.writeLine(formatLine(this.#options.format, line)),
    };
    this.#scopes.set(target, made);
    return made;
  }
}

/** What the loggers of one scope share. */
interface Scope {
  readonly target: string;
  /** What it lets through, as {@link rankOf}; moves when the filter does. */
  rank: number;
  readonly now: () => Date;
  readonly say: (line: LogLine) => void;
}

class ScopedLogger implements Logger {
  readonly #scope: Scope;
  readonly #spans: readonly Span[];

  constructor(scope: Scope, spans: readonly Span[]) {
    this.#scope = scope;
    this.#spans = spans;
  }

  error(message: string, fields?: Fields): void {
    this.#at("error", message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.#at("warn", message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.#at("info", message, fields);
  }

  debug(message: string, fields?: Fields): void {
    this.#at("debug", message, fields);
  }

  trace(message: string, fields?: Fields): void {
    this.#at("trace", message, fields);
  }

  enabled(level: LogLevel): boolean {
    return this.#scope.rank >= rankOf(level);
  }

  within(span: Span): Logger {
    return new ScopedLogger(this.#scope, [...this.#spans, span]);
  }

  #at(level: LogLevel, message: string, fields: Fields = {}): void {
    if (!this.enabled(level)) return;
    const { target, now, say } = this.#scope;
    say({ time: now(), level, target, spans: this.#spans, message, fields });
  }
}
