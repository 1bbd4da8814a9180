import { describe } from 'bun:test';
import { refusesEach } from '../testing/wireAttack.ts';
import { METHODS, STRANGERS, VERSIONS } from './otherProtocolsCases.ts';

describe('what is not HTTP/1.1 is refused', () => {
  refusesEach(VERSIONS, { method: 'GET' });
  refusesEach(STRANGERS, { method: 'GET' });
  refusesEach(METHODS);
});
