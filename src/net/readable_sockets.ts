import { WatchedSockets } from "./watched_sockets.ts";

/** Tells this thread, again and again, of sockets that have something to read. */
export const readableSockets = new WatchedSockets("readable");
