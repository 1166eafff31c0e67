/** Whether `done` resolves in time. */
export async function isDoneWithin(
  ms: number,
  done: Promise<void>,
): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const end = await Promise.race([done.then(() => true), late]);
  clearTimeout(timer);
  return end;
}
