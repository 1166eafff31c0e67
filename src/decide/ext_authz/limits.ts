/** Largest body of an authorizer's answer, in octets. Default 65_536: it is a page that says no. */
export const CHECK_ANSWER_SIZE_MAX = 65_536;
