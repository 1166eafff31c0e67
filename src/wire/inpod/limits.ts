/** Largest packet, in octets; both ends of ZDS have room for just this (ztunnel). */
export const PACKET_MAX_OCTETS = 1024;

/** Longest error text in an answer, in octets, so that it fits a packet. */
export const ACK_ERROR_MAX_OCTETS = 960;
