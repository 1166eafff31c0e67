/**
 * The program that the kernel runs over what a joined socket receives: it goes
 * to the socket's partner, is counted, and no more of it than allowed.
 */
import {
  add,
  addConstant,
  assemble,
  call,
  exit,
  jump,
  jumpIfAbove,
  jumpIfEqual,
  jumpIfSame,
  label,
  load,
  loadMap,
  move,
  set,
  type Step,
  store,
  storeConstant,
  xorConstant,
} from "../../sys/bpf/instructions.ts";

/** Helpers of the kernel, by number. */
const MAP_LOOKUP = 1;
const GET_SOCKET_COOKIE = 46;
const SK_REDIRECT_MAP = 52;
const RINGBUF_OUTPUT = 130;

const SK_DROP = 0;
const SK_PASS = 1;
const FORCE_WAKEUP = 2;

/** Where in `struct __sk_buff` the length is. */
const SKB_LENGTH = 0;

/**
 * What the program and user space share of each joined socket: numbers of 8
 * octets about what the socket has received.
 *
 * Once more than `limit` would have been moved, the program leaves everything to
 * user space, so that the order stays. It goes back to moving by itself when
 * user space has read all of that, which is when `read` equals `left`.
 */
export const SLOT = {
  size: 48,
  /** Octets that went to the partner. Written by the program. */
  moved: 0,
  /** No more than so many are moved. */
  limit: 8,
  /** At more than so many the bell rings, once: then it is the greatest number. */
  alarm: 16,
  /** Octets that were left to user space. Written by the program. */
  left: 24,
  /** Of those, the ones that user space has taken care of. */
  read: 32,
  /** 1 while everything is left to user space. Written by the program. */
  leaving: 40,
} as const;

/** Descriptors of the maps that the program uses. */
export interface VerdictMaps {
  /** Socket cookie to slot. */
  readonly slots: number;
  /** Slot to its {@link SLOT}. */
  readonly state: number;
  /** Slot to socket; the partner of slot n is slot n ^ 1. */
  readonly sockets: number;
  /** A ring that user space waits on. What is in it does not matter. */
  readonly bell: number;
}

/** Places on the stack, from the frame down. */
const COOKIE = -8;
const SLOT_KEY = -16;

/** The program's octets. */
export function verdictProgram(maps: VerdictMaps): Uint8Array<ArrayBuffer> {
  return assemble([
    move(6, 1), // r6: the octets' buffer
    load(4, 9, 6, SKB_LENGTH), // r9: their number
    // A FIN by itself. Moved, it would be taken for a broken connection.
    set(0, SK_DROP),
    jumpIfEqual(9, 0, "end"),
    ...findSlot(maps),
    ...findState(maps),
    load(8, 1, 8, SLOT.leaving),
    jumpIfEqual(1, 0, "move"),
    load(8, 1, 8, SLOT.left),
    load(8, 2, 8, SLOT.read),
    jumpIfSame(1, 2, "back"),
    jump("leave"),
    label("back"),
    storeConstant(8, 8, SLOT.leaving, 0),
    label("move"),
    load(8, 1, 8, SLOT.moved),
    add(1, 9), // r1: octets moved, with these
    load(8, 2, 8, SLOT.limit),
    jumpIfAbove(1, 2, "leave first"),
    store(8, 8, SLOT.moved, 1),
    load(8, 2, 8, SLOT.alarm),
    jumpIfAbove(1, 2, "alarm"),
    label("redirect"),
    move(1, 6),
    loadMap(2, maps.sockets),
    move(3, 7),
    xorConstant(3, 1),
    set(4, 0),
    call(SK_REDIRECT_MAP),
    exit(),
    label("alarm"),
    ...ring(maps),
    jump("redirect"),
    label("leave first"),
    storeConstant(8, 8, SLOT.leaving, 1),
    ...countLeft,
    ...ring(maps),
    jump("pass"),
    label("leave"),
    ...countLeft,
    label("pass"),
    set(0, SK_PASS),
    label("end"),
    exit(),
  ]);
}

/** r7: the receiving socket's slot. */
const findSlot = ({ slots }: VerdictMaps): Step[] => [
  call(GET_SOCKET_COOKIE),
  store(8, 10, COOKIE, 0),
  loadMap(1, slots),
  move(2, 10),
  addConstant(2, COOKIE),
  call(MAP_LOOKUP),
  jumpIfEqual(0, 0, "pass"),
  load(4, 7, 0, 0),
  store(4, 10, SLOT_KEY, 7),
];

/** r8: its state. */
const findState = ({ state }: VerdictMaps): Step[] => [
  loadMap(1, state),
  move(2, 10),
  addConstant(2, SLOT_KEY),
  call(MAP_LOOKUP),
  jumpIfEqual(0, 0, "pass"),
  move(8, 0),
];

const countLeft: readonly Step[] = [
  load(8, 1, 8, SLOT.left),
  add(1, 9),
  store(8, 8, SLOT.left, 1),
];

/** Wakes user space, and no more until it has set the alarm again. */
const ring = ({ bell }: VerdictMaps): Step[] => [
  storeConstant(8, 8, SLOT.alarm, -1),
  loadMap(1, bell),
  move(2, 10),
  addConstant(2, SLOT_KEY),
  set(3, 4),
  set(4, FORCE_WAKEUP),
  call(RINGBUF_OUTPUT),
];
