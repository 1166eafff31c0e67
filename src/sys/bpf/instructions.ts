/**
 * An assembler of eBPF: instructions as values, labels for the jumps, octets as
 * the kernel loads them. Only what hairpin's own programs are made of.
 *
 * @see RFC 9669
 */
import { assert } from "../../base/assert.ts";

/** r0 results, r1 to r5 arguments, r6 to r9 kept over calls, r10 the frame. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** Octets that a load or a store moves. */
export type Width = 4 | 8;

/** A step of a program. A label takes no place: it names the step after it. */
export type Step =
  | {
    readonly opcode: number;
    readonly dst: Register;
    readonly src: number;
    readonly offset: number;
    readonly immediate: number;
    /** Where a jump goes; `offset` is then computed. */
    readonly target?: string;
    /** The second half of a 64-bit constant. */
    readonly high?: number;
  }
  | { readonly label: string };

const LD_IMM64 = 0x18;
const CALL = 0x85;
const EXIT = 0x95;
const JUMP = 0x05;
const ALU64 = 0x07;
const MEMORY = { load: 0x61, store: 0x63, storeConstant: 0x62 };
/** Added to a memory opcode of 4 octets. */
const WIDE = 0x18;
const FROM_REGISTER = 0x08;
const ALU = { add: 0x00, xor: 0xa0, mov: 0xb0 };
const CONDITIONS = { equal: 0x15, greater: 0x25 };
/** `src` of a constant that stands for a map's descriptor. */
const PSEUDO_MAP_FD = 1;

/** One instruction is that long; a 64-bit constant takes two. */
const INSTRUCTION_SIZE = 8;

const step = (
  opcode: number,
  dst: Register,
  more: { src?: number; offset?: number; immediate?: number } = {},
) => {
  const { src = 0, offset = 0, immediate = 0 } = more;
  return { opcode, dst, src, offset, immediate };
};

const wide = (width: Width): number => width === 8 ? WIDE : 0;

/** `dst = value`, sign-extended. */
export const set = (dst: Register, value: number): Step =>
  step(ALU64 | ALU.mov, dst, { immediate: value });

/** `dst = src` */
export const move = (dst: Register, src: Register): Step =>
  step(ALU64 | FROM_REGISTER | ALU.mov, dst, { src });

/** `dst = dst + src` */
export const add = (dst: Register, src: Register): Step =>
  step(ALU64 | FROM_REGISTER | ALU.add, dst, { src });

/** `dst = dst + value` */
export const addConstant = (dst: Register, value: number): Step =>
  step(ALU64 | ALU.add, dst, { immediate: value });

/** `dst = dst ^ value` */
export const xorConstant = (dst: Register, value: number): Step =>
  step(ALU64 | ALU.xor, dst, { immediate: value });

/** `dst = *(src + offset)` */
export const load = (
  width: Width,
  dst: Register,
  src: Register,
  offset: number,
): Step => step(MEMORY.load + wide(width), dst, { src, offset });

/** `*(dst + offset) = src` */
export const store = (
  width: Width,
  dst: Register,
  offset: number,
  src: Register,
): Step => step(MEMORY.store + wide(width), dst, { src, offset });

/** `*(dst + offset) = value` */
export const storeConstant = (
  width: Width,
  dst: Register,
  offset: number,
  value: number,
): Step =>
  step(MEMORY.storeConstant + wide(width), dst, { offset, immediate: value });

/** `dst` is the map behind the descriptor. */
export const loadMap = (dst: Register, fd: number): Step => ({
  ...step(LD_IMM64, dst, { src: PSEUDO_MAP_FD, immediate: fd }),
  high: 0,
});

/** Calls a helper of the kernel by its number. */
export const call = (helper: number): Step =>
  step(CALL, 0, { immediate: helper });

/** Ends the program with r0. */
export const exit = (): Step => step(EXIT, 0);

export const label = (name: string): Step => ({ label: name });

/** Goes on at a label. */
export const jump = (target: string): Step => ({ ...step(JUMP, 0), target });

/** Goes on at a label when `dst` is `value`. */
export const jumpIfEqual = (
  dst: Register,
  value: number,
  target: string,
): Step => ({ ...step(CONDITIONS.equal, dst, { immediate: value }), target });

/** Goes on at a label when `dst` equals `src`. */
export const jumpIfSame = (
  dst: Register,
  src: Register,
  target: string,
): Step => ({
  ...step(CONDITIONS.equal | FROM_REGISTER, dst, { src }),
  target,
});

/** Goes on at a label when `dst > src`, both unsigned. */
export const jumpIfAbove = (
  dst: Register,
  src: Register,
  target: string,
): Step => ({
  ...step(CONDITIONS.greater | FROM_REGISTER, dst, { src }),
  target,
});

/** The octets of a program; its jumps are resolved here. */
export function assemble(
  steps: readonly Step[],
): Uint8Array<ArrayBuffer> {
  const places = placesOf(steps);
  const octets = new Uint8Array(places.length * INSTRUCTION_SIZE);
  const view = new DataView(octets.buffer);
  let at = 0;
  for (const each of steps) {
    if ("label" in each) continue;
    const offset = each.target === undefined
      ? each.offset
      : jumpOffset(places.labels, each.target, at);
    writeInstruction(view, at, { ...each, offset });
    at++;
    if (each.high === undefined) continue;
    view.setInt32(at * INSTRUCTION_SIZE + 4, each.high, true);
    at++;
  }
  return octets;
}

function placesOf(steps: readonly Step[]) {
  const labels = new Map<string, number>();
  let length = 0;
  for (const each of steps) {
    if ("label" in each) {
      assert(!labels.has(each.label), `label ${each.label} twice`);
      labels.set(each.label, length);
    } else length += each.high === undefined ? 1 : 2;
  }
  return { labels, length };
}

function jumpOffset(
  labels: ReadonlyMap<string, number>,
  target: string,
  at: number,
): number {
  const place = labels.get(target);
  assert(place !== undefined, `no label ${target}`);
  return place - at - 1;
}

function writeInstruction(
  view: DataView,
  at: number,
  { opcode, dst, src, offset, immediate }: Exclude<Step, { label: string }>,
): void {
  const start = at * INSTRUCTION_SIZE;
  view.setUint8(start, opcode);
  view.setUint8(start + 1, src << 4 | dst);
  view.setInt16(start + 2, offset, true);
  view.setInt32(start + 4, immediate, true);
}
