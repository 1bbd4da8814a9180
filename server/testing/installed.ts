import { which } from 'bun';

/** The path of a program that is installed, those for administrators included; null where it is not. */
export function installed(program: string): string | null {
  return which(program, { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' });
}
