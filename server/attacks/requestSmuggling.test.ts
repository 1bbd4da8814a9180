import { describe } from 'bun:test';
import { refusesEach } from '../testing/wireAttack.ts';
import {
  CHUNK_FLOODS,
  HIDDEN_CODINGS,
  ODD_CHUNKS,
  ODD_CODINGS,
  ODD_ENDS,
  ODD_LENGTHS,
  TWO_FRAMES,
} from './requestSmugglingCases.ts';

describe('a request whose body ends in two places is refused', () => {
  refusesEach(TWO_FRAMES);
  refusesEach(ODD_LENGTHS);
  refusesEach(ODD_CODINGS);
  refusesEach(HIDDEN_CODINGS);
});

describe('a body that no two servers read alike never becomes whole', () => {
  refusesEach(ODD_CHUNKS, { reachesUpstream: 'never whole' });
  refusesEach(ODD_ENDS, { reachesUpstream: 'never whole' });
  refusesEach(CHUNK_FLOODS, { reachesUpstream: 'never whole' });
});
