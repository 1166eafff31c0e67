import { SyscallError } from "../libc.ts";

/** bpf(2) said no. */
export class BpfError extends SyscallError {
  /** @param said What the kernel's verifier wrote, its last lines. */
  constructor(call: string, errno: number, readonly said = "") {
    super(call, errno, said);
  }
}
