import { describeErrno, SyscallError } from "../sys/libc.ts";

const ERRNO_NAMES: Readonly<Record<number, string>> = {
  32: "EPIPE",
  104: "ECONNRESET",
  110: "ETIMEDOUT",
};

/** As the runtime's own errors of a socket are: a code by name. */
export function toSocketError(reason: unknown): Error {
  if (!(reason instanceof SyscallError)) throw reason;
  const verb = reason.call === "send" ? "write" : "read";
  const error = new Error(`${verb}: ${describeErrno(reason.errno)}`);
  return Object.assign(error, { code: ERRNO_NAMES[reason.errno] });
}
