import type {
  ExplainedWay,
  ExplainStep,
  ExplainVerdict,
} from "../../model/explanation.ts";

/** The steps of one way, as they are taken. */
export class Trail {
  readonly #steps: ExplainStep[] = [];
  #at = "";
  /** What the outcome hangs on beside what was asked. */
  #condition: string | undefined;

  /** All that follows is decided there. */
  enter(at: string): void {
    this.#at = at;
  }

  note(about: string, says: string): void {
    this.#steps.push({ at: this.#at, about, says });
  }

  /** From here on things are only so if this is. */
  suppose(condition: string): void {
    this.#condition ??= condition;
  }

  end(verdict: ExplainVerdict, because: string): ExplainedWay {
    const steps = [...this.#steps];
    const open = this.#condition !== undefined && verdict !== "fail" &&
      verdict !== "deny";
    return open
      ? {
        verdict: "depends",
        because: `${because}, if ${this.#condition}`,
        steps,
      }
      : { verdict, because, steps };
  }

  /** Notes what ends it, too. */
  stop(
    about: string,
    verdict: ExplainVerdict,
    because: string,
  ): ExplainedWay {
    this.note(about, because);
    return this.end(verdict, because);
  }
}
