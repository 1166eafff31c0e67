/** What the layers above hold of the system's, by type only. */
export type { Fd } from "../sys/libc.ts";
export type { ListeningSocket } from "../sys/listening.ts";
export type { TcpTuning } from "../sys/sockets.ts";
