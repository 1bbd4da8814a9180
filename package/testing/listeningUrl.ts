/** Where a `signway serve` listens, once it says so on its standard error, which is read no further. */
export async function listeningUrl(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let said = '';
  for await (const text of stderr.pipeThrough(new TextDecoderStream())) {
    said += text;
    const url = /Listening on (\S+) /.exec(said)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`it ended before it listened: ${said}`);
}
