/** What the API server has of each kind, as hairpin reads it. */
import {
  closedForm,
  formatProblem,
  type Kind,
  type KubeObject,
  parseObject,
} from "../../kube/mod.ts";
import { isEqual } from "../../model/diff.ts";
import { ERRORS_SHOWN_MAX } from "./limits.ts";
import { keyOf, type RawObject, versionOf } from "./messages.ts";
import { recordOf, type StatusRecord } from "./status_record.ts";

interface Held {
  /**
   * The last version that could be read. Where there was none: what closes all
   * that an unreadable policy may have closed, undefined of other kinds.
   */
  readonly object: KubeObject | undefined;
  /** Whether it is the latter. */
  readonly closed: boolean;
  readonly resourceVersion: string;
  /** Why the present version is not in force. */
  readonly problem: string | undefined;
  readonly record: StatusRecord | undefined;
}

export interface ObjectCacheOptions {
  /** Whether the statuses of the kind are kept too. */
  keepsStatus(kind: Kind): boolean;
  /** The objects, or what is wrong with them, changed. */
  onChange(): void;
  /** Some object's status changed, or its version. */
  onRecord(): void;
  /** An object that cannot be used, once for each of its versions. */
  onRejected(kind: Kind, error: string): void;
}

/**
 * Objects by kind and name. Of one that does not validate the last good
 * version stays; it never stops the others.
 */
export class ObjectCache {
  readonly #options: ObjectCacheOptions;
  readonly #kinds = new Map<Kind, Map<string, Held>>();

  constructor(options: ObjectCacheOptions) {
    this.#options = options;
  }

  /** Takes all that there is of a kind, read by {@link read}. */
  replace(kind: Kind, content: ReadonlyMap<string, Held>): void {
    const before = this.#kinds.get(kind);
    this.#kinds.set(kind, new Map(content));
    let changed = before?.size !== content.size;
    let touched = changed;
    for (const [key, held] of content) {
      const old = before?.get(key);
      if (old === held) continue;
      touched = true;
      changed ||= old === undefined || differs(old, held);
    }
    this.#tell(changed, touched);
  }

  put(kind: Kind, raw: RawObject): void {
    const held = this.read(kind, raw);
    if (held === undefined) return;
    const objects = this.#of(kind);
    const key = keyOf(raw);
    const old = objects.get(key);
    if (old === held) return;
    objects.set(key, held);
    this.#tell(old === undefined || differs(old, held), true);
  }

  delete(kind: Kind, raw: RawObject): void {
    const gone = this.#of(kind).delete(keyOf(raw));
    this.#tell(gone, gone);
  }

  /** How many there are of a kind. */
  count(kind: Kind): number {
    return this.#kinds.get(kind)?.size ?? 0;
  }

  /** Everything that can be used. */
  objects(): KubeObject[] {
    return [...this.#kinds.values()].flatMap((held) =>
      [...held.values()].flatMap(({ object }) =>
        object === undefined ? [] : [object]
      )
    );
  }

  /** Why objects are not in force as they are now, one line each. */
  errors(): string[] {
    const errors: string[] = [];
    for (const held of this.#kinds.values()) {
      for (const { problem } of held.values()) {
        if (problem !== undefined) errors.push(problem);
        if (errors.length === ERRORS_SHOWN_MAX) return errors;
      }
    }
    return errors;
  }

  /** The statuses that are kept. */
  *records(): Generator<StatusRecord> {
    for (const held of this.#kinds.values()) {
      for (const { record } of held.values()) {
        if (record !== undefined) yield record;
      }
    }
  }

  /**
   * Reads an object without taking it.
   *
   * @returns what is held of it already when that is the same version;
   * undefined for what is none of hairpin's business.
   */
  read(kind: Kind, raw: RawObject): Held | undefined {
    const old = this.#of(kind).get(keyOf(raw));
    const resourceVersion = versionOf(raw);
    if (old?.resourceVersion === resourceVersion && resourceVersion !== "") {
      return old;
    }
    const record = this.#options.keepsStatus(kind)
      ? recordOf(kind, raw)
      : undefined;
    const parsed = parseObject(withoutBulk(raw));
    switch (parsed.kind) {
      case "unknown":
      case "aside":
        return undefined;
      case "object":
        return {
          object: parsed.object,
          closed: false,
          resourceVersion,
          problem: undefined,
          record,
        };
      case "bad": {
        const [problem] = parsed.problems;
        const why = problem === undefined ? "bad" : formatProblem(problem);
        const lastGood = old?.closed === true ? undefined : old?.object;
        const object = lastGood ?? closedForm(raw);
        const closed = lastGood === undefined && object !== undefined;
        const error = `Cannot use ${kind} "${keyOf(raw)}": ${why}; ${
          fateOf(lastGood, closed)
        }`;
        this.#options.onRejected(kind, error);
        return { object, closed, resourceVersion, problem: error, record };
      }
    }
  }

  #of(kind: Kind): Map<string, Held> {
    const found = this.#kinds.get(kind);
    if (found !== undefined) return found;
    const made = new Map<string, Held>();
    this.#kinds.set(kind, made);
    return made;
  }

  #tell(changed: boolean, touched: boolean): void {
    if (changed) this.#options.onChange();
    if (touched) this.#options.onRecord();
  }
}

const fateOf = (
  lastGood: KubeObject | undefined,
  closed: boolean,
): string =>
  lastGood !== undefined
    ? "its last good version stays in force"
    : closed
    ? "what it selects is closed until it can be read"
    : "it is left out";

export type { Held };

/** Kubelets and controllers write often; what hairpin reads changes seldom. */
const differs = (a: Held, b: Held): boolean =>
  a.problem !== b.problem || !isEqual(a.object, b.object);

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Without the annotation that holds the whole object once more. */
function withoutBulk(raw: RawObject): RawObject {
  const { annotations, ...metadata } = (raw.metadata ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof annotations !== "object" || annotations === null) return raw;
  if (!Object.hasOwn(annotations, LAST_APPLIED)) return raw;
  const { [LAST_APPLIED]: _, ...rest } = annotations as Record<string, unknown>;
  return { ...raw, metadata: { ...metadata, annotations: rest } };
}
