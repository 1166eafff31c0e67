/**
 * bpf(2): maps, programs and what joins them. Descriptors are the caller's to
 * close; a map lives for as long as a program or a socket in it needs it.
 */
import { assert } from "../../base/assert.ts";
import { errno, type Fd } from "../libc.ts";
import { BpfError } from "./errors.ts";
import { syscalls } from "./syscalls.ts";

const CALL_NUMBERS: Readonly<Record<string, bigint>> = {
  x86_64: 321n,
  aarch64: 280n,
};
const BPF_CALL = CALL_NUMBERS[Deno.build.arch];

const MAP_CREATE = 0;
const MAP_LOOKUP = 1;
const MAP_UPDATE = 2;
const MAP_DELETE = 3;
const PROG_LOAD = 5;
const PROG_ATTACH = 8;

const MAP_TYPES = { hash: 1, array: 2, sockmap: 15, ringbuf: 27 };
const NO_PREALLOC = 1;
const MMAPABLE = 0x400;

const SK_SKB = 14;
const ATTACH_STREAM_VERDICT = 5;

const ATTR_SIZE = 128;
/** Octets of the verifier's words that are read, on a refusal. */
const VERIFIER_LOG_MAX = 64 * 1024;
const LOG_TAIL = 200;

/** The errno of a machine that bpf(2) has no number for. */
const ENOSYS = 38;
const ENOENT = 2;

/** A map to be made. */
export interface MapShape {
  readonly type: keyof typeof MAP_TYPES;
  /** Octets; 0 for a ring. */
  readonly keySize: number;
  readonly valueSize: number;
  /** A ring's size in octets: a power of two, and whole pages. */
  readonly entriesMax: number;
}

/** One call's argument; pointers are to buffers that it keeps alive. */
class Attributes {
  readonly octets = new Uint8Array(ATTR_SIZE);
  readonly #view = new DataView(this.octets.buffer);
  readonly #held: Uint8Array[] = [];

  u32(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(at: number, value: bigint): this {
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  pointer(at: number, octets: Uint8Array<ArrayBuffer>): this {
    this.#held.push(octets);
    return this.u64(
      at,
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(octets)),
    );
  }
}

/** @returns what the call gave, or its errno below zero. */
function call(command: number, attributes: Attributes): number {
  if (BPF_CALL === undefined) return -ENOSYS;
  const result = Number(
    syscalls.bpf(BPF_CALL, command, attributes.octets, ATTR_SIZE),
  );
  return result < 0 ? -errno() : result;
}

function mustCall(
  command: number,
  attributes: Attributes,
  what: string,
): number {
  const result = call(command, attributes);
  if (result < 0) throw new BpfError(what, -result);
  return result;
}

/** @throws {BpfError} without the rights, or where the kernel has no such map. */
export function createMap(shape: MapShape): Fd {
  const flags = shape.type === "hash"
    ? NO_PREALLOC
    : shape.type === "array"
    ? MMAPABLE
    : 0;
  const attributes = new Attributes()
    .u32(0, MAP_TYPES[shape.type])
    .u32(4, shape.keySize)
    .u32(8, shape.valueSize)
    .u32(12, shape.entriesMax)
    .u32(16, flags);
  return mustCall(MAP_CREATE, attributes, `create a ${shape.type} map`) as Fd;
}

const keyed = (map: Fd, key: Uint8Array<ArrayBuffer>) =>
  new Attributes().u32(0, map).pointer(8, key);

/** @throws {BpfError} when the map is full or does not take the value. */
export function updateMap(
  map: Fd,
  key: Uint8Array<ArrayBuffer>,
  value: Uint8Array<ArrayBuffer>,
): void {
  const attributes = keyed(map, key).pointer(16, value);
  mustCall(MAP_UPDATE, attributes, "put into a map");
}

/** @returns whether there was such an entry. */
export function deleteFromMap(map: Fd, key: Uint8Array<ArrayBuffer>): boolean {
  const result = call(MAP_DELETE, keyed(map, key));
  if (result >= 0) return true;
  // A map of sockets says EINVAL of an entry that is empty.
  if (result === -ENOENT || result === -22) return false;
  throw new BpfError("delete from a map", -result);
}

/** Reads an entry into `value`; false when there is none. */
export function lookUpInMap(
  map: Fd,
  key: Uint8Array<ArrayBuffer>,
  value: Uint8Array<ArrayBuffer>,
): boolean {
  const result = call(MAP_LOOKUP, keyed(map, key).pointer(16, value));
  if (result >= 0) return true;
  if (result === -ENOENT) return false;
  throw new BpfError("look up in a map", -result);
}

/**
 * Loads a program that judges what sockets receive.
 *
 * @param octets As `assemble()` gives them.
 * @throws {BpfError} with the verifier's last words.
 */
export function loadVerdictProgram(octets: Uint8Array<ArrayBuffer>): Fd {
  assert(octets.length % 8 === 0, `program of ${octets.length} octets`);
  const license = new TextEncoder().encode("Apache-2.0\0");
  const attributes = new Attributes()
    .u32(0, SK_SKB)
    .u32(4, octets.length / 8)
    .pointer(8, octets)
    .pointer(16, license as Uint8Array<ArrayBuffer>);
  const result = call(PROG_LOAD, attributes);
  if (result >= 0) return result as Fd;
  // The words are asked for only now: a log that is too small fails the load.
  const log = new Uint8Array(VERIFIER_LOG_MAX);
  attributes.u32(24, 1).u32(28, log.length).pointer(32, log);
  const again = call(PROG_LOAD, attributes);
  if (again >= 0) return again as Fd;
  throw new BpfError("load a BPF program", -result, lastWords(log));
}

function lastWords(log: Uint8Array): string {
  const text = new TextDecoder().decode(log.subarray(0, log.indexOf(0)));
  return text.trim().split("\n").slice(-3).join("; ").slice(-LOG_TAIL);
}

/** Has `program` judge what the sockets in `map` receive from here on. */
export function attachVerdict(map: Fd, program: Fd): void {
  const attributes = new Attributes()
    .u32(0, map)
    .u32(4, program)
    .u32(8, ATTACH_STREAM_VERDICT);
  mustCall(PROG_ATTACH, attributes, "attach a BPF program");
}
