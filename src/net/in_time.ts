/**
 * Waits for something, but not for longer than that.
 *
 * @param onLate Given what came too late; failures that do are dropped.
 * @returns undefined when the time is over.
 */
export async function inTime<T>(
  work: Promise<T>,
  limitMs: number,
  onLate: (result: T) => void,
): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    resolve(undefined);
    work.then(onLate, () => {});
  }, limitMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether work is done within so many milliseconds. */
export const isDoneWithin = async (
  limitMs: number,
  work: Promise<void>,
): Promise<boolean> =>
  await inTime(work.then(() => true), limitMs, () => {}) ?? false;
