/** The statuses that a CONNECT may be refused with, and their usual words. */
const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** `401 Unauthorized`; the bare number when it has no usual words here. */
export function statusText(status: number): string {
  const reason = REASONS[status];
  return reason === undefined ? `${status}` : `${status} ${reason}`;
}
