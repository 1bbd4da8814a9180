import { describe } from 'bun:test';
import { refusesEach } from '../testing/wireAttack.ts';
import { HOSTS, TARGETS } from './hostConfusionCases.ts';

describe('a request that leaves open who was asked is refused', () => {
  refusesEach(HOSTS);
  refusesEach(TARGETS, { method: 'GET' });
});
