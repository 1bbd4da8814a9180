/** Stands for your own sessions: who sent this request? */
export async function userOf(request: Request): Promise<{ id: string } | null> {
  const id = /(?:^|; )session=([\w-]+)/.exec(request.headers.get('cookie') ?? '')?.[1];
  return id === undefined ? null : { id };
}
