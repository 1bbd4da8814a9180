import { describe } from 'bun:test';
import { refusesEach } from '../testing/wireAttack.ts';
import { FLOODS } from './headFloodCases.ts';

describe('a head without measure is refused', () => {
  refusesEach(FLOODS, { method: 'GET' });
});
