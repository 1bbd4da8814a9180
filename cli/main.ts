#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runCli } from './cli.ts';
import { wantsColours } from './palette.ts';
import type { Output, StopSignal, Supervisor, Terminal } from './terminal.ts';

const argv = process.argv.slice(2);
const script = fileURLToPath(import.meta.url);

// Node does not read it, nor does Bun under Node's name (`bunx --bun`); `signway keygen > .env` is for all of them.
const isNode = process.versions.bun === undefined || process.argv0 === 'node';
if (isNode && existsSync('.env')) process.loadEnvFile('.env');

const unwritten = new Set<Promise<void>>();
const LAST_WORDS = 1000;

const terminal: Terminal = {
  env: process.env,
  stdout: outputTo(process.stdout),
  stderr: outputTo(process.stderr),
  readStdin: () => buffer(process.stdin),
  onSignal(listener) {
    const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) {
        // A copy of the signal that comes late must not kill what has stopped well and is about to exit.
        process.on(signal, () => {});
        process.off(signal, listener);
      }
    };
  },
  clock: Date.now,
  randomBytes,
  // An executable made by `bun build --compile` is its own program and takes no path of a script.
  self: script.startsWith('/$bunfs/') ? [process.execPath] : [process.execPath, ...process.execArgv, script],
  argv,
  ...(process.send === undefined ? {} : { supervisor: supervisorBy(process.send.bind(process)) }),
};

const code = await runCli(terminal);
// What a pipe has not taken yet would be lost. A reader that does not read must not keep a stopped gateway alive.
await Promise.race([Promise.allSettled(unwritten), setTimeout(LAST_WORDS)]);
process.exit(code);

function outputTo(stream: NodeJS.WriteStream): Output {
  // Without a listener an EPIPE ends the process; the write's own callback reports it.
  stream.on('error', () => {});
  return {
    colours: wantsColours(stream.isTTY === true, process.env),
    write(text) {
      const written = new Promise<void>((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()));
      }).finally(() => unwritten.delete(written));
      unwritten.add(written);
      return written;
    },
  };
}

function supervisorBy(send: NonNullable<typeof process.send>): Supervisor {
  return {
    get isGone() {
      return !process.connected;
    },
    // One that is gone is told of by `onGone`.
    tell: (message) => void send(message, undefined, undefined, () => {}),
    onGone(listener) {
      if (process.connected) process.once('disconnect', listener);
      else listener();
    },
  };
}
