#!/usr/bin/env bun
import { randomBytes } from 'node:crypto';
import { runCli } from './cli.ts';
import { wantsColours } from './palette.ts';
import type { Output, StopSignal, Terminal } from './terminal.ts';

const argv = process.argv.slice(2);

const terminal: Terminal = {
  env: process.env,
  stdout: outputTo(process.stdout),
  stderr: outputTo(process.stderr),
  readStdin: () => Bun.stdin.bytes(),
  onSignal(listener) {
    const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
  clock: Date.now,
  randomBytes,
  // An executable made by `bun build --compile` is its own program and takes no path of a script.
  self: Bun.main.startsWith('/$bunfs/')
    ? [process.execPath]
    : [process.execPath, ...process.execArgv, Bun.main],
  argv,
};

process.exit(await runCli(terminal));

function outputTo(stream: NodeJS.WriteStream): Output {
  // Without a listener an EPIPE ends the process; the write's own callback reports it.
  stream.on('error', () => {});
  return {
    colours: wantsColours(stream.isTTY === true, process.env),
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()));
      }),
  };
}
