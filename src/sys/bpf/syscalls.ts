/** What of the C library only the kernel lane needs; see {@link import("../libc.ts")}. */
export const syscalls = Deno.dlopen("libc.so.6", {
  bpf: {
    name: "syscall",
    parameters: ["i64", "i32", "buffer", "u32"],
    result: "i64",
  },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  mmap: {
    parameters: ["usize", "usize", "i32", "i32", "i32", "i64"],
    result: "pointer",
  },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
}).symbols;
