import { bunFetch } from './bunFetch.ts';
import { caddy } from './caddy.ts';
import { direct } from './direct.ts';
import { fastify } from './fastify.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { signway } from './signway.ts';
import { signwayLibrary } from './signwayLibrary.ts';
import type { Surroundings, System } from './system.ts';

/** Every system, in the order of the tables. */
export function allSystems(surroundings: Surroundings): System[] {
  return [
    direct(surroundings),
    nginx(surroundings),
    haproxy(surroundings),
    signway(surroundings),
    signway(surroundings, { bare: true }),
    signwayLibrary(surroundings),
    caddy(surroundings),
    fastify(surroundings),
    bunFetch(surroundings),
  ];
}
