/** Does not wait any longer than its signal lets it, whether or not the one it waits for looks at the signal. */
export function unlessAborted<Value>(
  promise: PromiseLike<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).then(() => signal?.removeEventListener('abort', stop));
  });
}
