/** What may stand before a regular expression literal, but not before a division. */
const BEFORE_REGEXP =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^\n]|\b(?:return|typeof|case|in|of))\s*$/;

const PLAIN = /(?:[^/"'`{}]|\/(?![/*]))/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const STRING = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;
const REGEXP = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;

/**
 * Replaces comments, texts and regular expressions of TypeScript by blanks, so
 * that a search finds code alone. Length and line breaks stay.
 */
export function blankNonCode(text: string): string {
  return new Blanker(text).run();
}

class Blanker {
  readonly #text: string;
  #at = 0;
  #out = "";
  /** Open braces; true where closing it goes back into a template. */
  readonly #braces: boolean[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  run(): string {
    while (this.#at < this.#text.length) this.#step();
    return this.#out;
  }

  #step(): void {
    if (this.#blank(COMMENT) || this.#blank(STRING)) return;
    if (BEFORE_REGEXP.test(this.#out.slice(-200)) && this.#blank(REGEXP)) {
      return;
    }
    const char = this.#text[this.#at]!;
    if (char === "`") return this.#template();
    if (char === "{") this.#braces.push(false);
    if (char === "}" && this.#braces.pop() === true) return this.#template();
    PLAIN.lastIndex = this.#at;
    const plain = PLAIN.exec(this.#text)?.[0] ?? char;
    this.#out += plain;
    this.#at += plain.length;
  }

  /** From a backtick, or from the brace that ends a `${}`, to the next of either. */
  #template(): void {
    this.#out += " ";
    this.#at++;
    this.#blank(TEMPLATE_TEXT);
    if (this.#text.startsWith("${", this.#at)) {
      this.#braces.push(true);
      this.#out += "  ";
      this.#at += 2;
    } else if (this.#at < this.#text.length) {
      this.#out += " ";
      this.#at++;
    }
  }

  #blank(shape: RegExp): boolean {
    shape.lastIndex = this.#at;
    const found = shape.exec(this.#text)?.[0];
    if (found === undefined || found === "") return false;
    this.#out += found.replaceAll(/[^\n]/g, " ");
    this.#at += found.length;
    return true;
  }
}
