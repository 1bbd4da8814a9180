import { describe } from 'bun:test';
import { refusesEach } from '../testing/wireAttack.ts';
import { FIELDS, LINES } from './malformedHeadCases.ts';

describe('a head that is not HTTP/1.1 to the letter is refused', () => {
  refusesEach(FIELDS, { method: 'GET' });
  refusesEach(LINES, { method: 'GET' });
});
