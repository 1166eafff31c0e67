/** What is found wrong with one route while it is read. */
import { formatPath } from "../problem.ts";

/** Where in an object something stands. */
export type FieldPath = readonly (string | number)[];

/** The Gateway API's reasons for a route or rule that cannot be taken as it is. */
export type RefusalReason = "UnsupportedValue" | "IncompatibleFilters";

/** The Gateway API's reasons for a backend that cannot be found. */
export type ReferenceReason =
  | "BackendNotFound"
  | "InvalidKind"
  | "RefNotPermitted";

export interface Note<Reason extends string> {
  readonly reason: Reason;
  readonly message: string;
}

export class RouteNotes {
  /** Fields that do nothing here. */
  readonly ignored: string[] = [];
  /** Why rules cannot be done. */
  readonly refused: Note<RefusalReason>[] = [];
  /** Backends that get their share of failures. */
  readonly unresolved: Note<ReferenceReason>[] = [];

  ignore(path: FieldPath, why = "is not supported and does nothing"): void {
    this.ignored.push(`${formatPath(path)} ${why}`);
  }

  refuse(
    path: FieldPath,
    why: string,
    reason: RefusalReason = "UnsupportedValue",
  ): void {
    this.refused.push({ reason, message: `${formatPath(path)} ${why}` });
  }

  /** @returns The message, with its place. */
  missing(reason: ReferenceReason, path: FieldPath, why: string): string {
    const message = `${formatPath(path)} ${why}`;
    this.unresolved.push({ reason, message });
    return message;
  }

  /** All of it, the gravest first. */
  lines(): string[] {
    return [
      ...this.refused.map(({ message }) => message),
      ...this.unresolved.map(({ message }) => message),
      ...this.ignored,
    ];
  }
}
