import type { Lab } from "../lab.ts";
import type { Place } from "../places.ts";
import type { CommandResult } from "../command.ts";

/** Long enough for the line that matters of any program that the demo runs. */
const SHOWN_LINES_MAX = 12;

/** A statement that the demo made and how it turned out. */
export interface Check {
  readonly statement: string;
  readonly held: boolean;
}

/** What the demo prints, and the list of what it claimed. */
export class DemoPage {
  readonly checks: Check[] = [];
  #steps = 0;

  /** A heading with one sentence of explanation. */
  step(title: string, why: string): void {
    this.#steps++;
    this.print(`\n${bold(`${this.#steps}. ${title}`)}`);
    this.print(`   ${why}\n`);
  }

  print(text: string): void {
    console.log(text);
  }

  /** Lines of a file or a log, indented. */
  quote(text: string): void {
    const lines = text.trimEnd().split("\n");
    for (const line of lines.slice(0, SHOWN_LINES_MAX)) {
      this.print(`     ${line}`);
    }
    if (lines.length > SHOWN_LINES_MAX) {
      this.print(`     … ${lines.length - SHOWN_LINES_MAX} more lines`);
    }
  }

  /** Runs a program at that place; prints the command and its output. */
  async run(
    lab: Lab,
    place: Place,
    command: readonly string[],
  ): Promise<CommandResult> {
    this.say(lab, place, command);
    const result = await lab.exec(place, command);
    const said = `${result.stdout}${result.stderr}`;
    if (said.trim() !== "") this.quote(said);
    if (result.code !== 0) this.print(dim(`     (exit code ${result.code})`));
    return result;
  }

  /** Prints a command as one would type it at that place. */
  say(lab: Lab, place: Place, command: readonly string[]): void {
    const name = place.netns.slice(lab.prefix.length + 1);
    const prompt = `${name.replace(/\.default$/, "")}$`;
    this.print(`   ${dim(prompt)} ${command.map(quoted).join(" ")}`);
  }

  /** Claims something; false makes the whole demo fail. */
  check(statement: string, held: boolean): void {
    this.checks.push({ statement, held });
    this.print(`   ${mark(held)} ${statement}`);
  }

  /** The claims again, in one list. Returns true when all held. */
  summary(seconds: number): boolean {
    const failed = this.checks.filter((check) => !check.held).length;
    this.print(`\n${bold("Summary")}\n`);
    for (const { statement, held } of this.checks) {
      this.print(`   ${mark(held)} ${statement}`);
    }
    const verdict = failed === 0
      ? `all ${this.checks.length} statements held`
      : `${failed} of ${this.checks.length} statements did not hold`;
    this.print(`\n${bold(verdict)}, ${seconds.toFixed(0)} s\n`);
    return failed === 0;
  }
}

function mark(held: boolean): string {
  return held ? paint("32", "ok  ") : paint("31", "FAIL");
}

function bold(text: string): string {
  return paint("1", text);
}

function dim(text: string): string {
  return paint("2", text);
}

function paint(code: string, text: string): string {
  return Deno.stdout.isTerminal() && !Deno.noColor
    ? `\x1b[${code}m${text}\x1b[0m`
    : text;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word}'`;
}
