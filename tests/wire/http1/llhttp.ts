/** llhttp, Node's parser, as an oracle: the WebAssembly that undici ships. */
import wasm from "undici/llhttp";
import { octetsOf, textOf } from "./support.ts";

/** One message as llhttp read it. */
export interface OracleMessage {
  target: string;
  /** Trailers included. */
  readonly fields: [name: string, value: string][];
  body: string;
  complete: boolean;
}

/** What llhttp made of some octets. */
export interface OracleResult {
  readonly accepted: boolean;
  /** The name of its error, else empty. */
  readonly error: string;
  readonly messages: readonly OracleMessage[];
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, octets: number, length: number): number;
  malloc(length: number): number;
  free(pointer: number): void;
}

const REQUEST = 1;
const PAUSED_UPGRADE = 22;
const SKIP_BODY = 1;

let messages: OracleMessage[] = [];
let bodiless = false;
let last: "name" | "value" | undefined;

function spanOf(pointer: number, length: number): string {
  return textOf(new Uint8Array(llhttp.memory.buffer, pointer, length));
}

function onName(_parser: number, at: number, length: number): number {
  const { fields } = messages.at(-1)!;
  if (last !== "name") fields.push(["", ""]);
  fields.at(-1)![0] += spanOf(at, length);
  last = "name";
  return 0;
}

function onValue(_parser: number, at: number, length: number): number {
  messages.at(-1)!.fields.at(-1)![1] += spanOf(at, length);
  last = "value";
  return 0;
}

const env = {
  wasm_on_message_begin() {
    messages.push({ target: "", fields: [], body: "", complete: false });
    last = undefined;
    return 0;
  },
  wasm_on_url(_parser: number, at: number, length: number) {
    messages.at(-1)!.target += spanOf(at, length);
    return 0;
  },
  wasm_on_status: () => 0,
  wasm_on_header_field: onName,
  wasm_on_header_value: onValue,
  wasm_on_headers_complete() {
    return bodiless ? SKIP_BODY : 0;
  },
  wasm_on_body(_parser: number, at: number, length: number) {
    messages.at(-1)!.body += spanOf(at, length);
    return 0;
  },
  wasm_on_message_complete() {
    messages.at(-1)!.complete = true;
    return 0;
  },
};

const instance = new WebAssembly.Instance(
  new WebAssembly.Module(new Uint8Array(wasm)),
  { env },
);
const llhttp = instance.exports as unknown as Exports;
llhttp._initialize();

/** Reads requests or responses with llhttp, strict as it comes. */
export function askOracle(
  kind: "request" | "response",
  text: string,
  options: { bodiless?: boolean } = {},
): OracleResult {
  messages = [];
  bodiless = options.bodiless ?? false;
  const octets = octetsOf(text);
  const parser = llhttp.llhttp_alloc(kind === "request" ? REQUEST : 2);
  const buffer = llhttp.malloc(octets.length + 1);
  new Uint8Array(llhttp.memory.buffer).set(octets, buffer);
  const code = llhttp.llhttp_execute(parser, buffer, octets.length);
  llhttp.free(buffer);
  llhttp.llhttp_free(parser);
  const accepted = code === 0 || code === PAUSED_UPGRADE;
  return { accepted, error: accepted ? "" : `HPE ${code}`, messages };
}
