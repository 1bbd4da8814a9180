/**
 * Loaded ahead of a program (`bun --preload`) that knows nothing of its parent: ends it in its own orderly way once
 * the parent is gone, killed or crashed, which no signal tells. The channel between the two closes then.
 */
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
