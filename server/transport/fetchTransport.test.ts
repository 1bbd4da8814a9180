import { createFetchTransport } from './fetchTransport.ts';
import { describeTransportContract } from './transportContract.ts';

const LENIENT = 'Bun reads it in its own way';
const STREAMS = 'Bun does not count a stream against its declared length';

describeTransportContract('fetch', {
  create: ({ ca }) => createFetchTransport({ ca }),
  exceptions: {
    'sends the request line and the fields in their order and spelling, and adds nothing':
      'it adds User-Agent, Accept and Connection, and joins lines of one name',
    'sends no length and no coding without a body': 'it adds Content-Length: 0',
    'refuses a stream shorter than its length': STREAMS,
    'never sends more of a stream than its length': STREAMS,
    'ends the request unclean when its stream fails':
      'it does not tell a failed stream from a failed upstream',
    'stops an upload when an error comes before its end, and the answer goes on':
      'it holds the answer back until the upload has ended',
    'gives the status, the reason phrase and the fields in their order, spelling and number':
      'it loses the reason phrase, the order and the spelling',
    'gives a body with a length that came with its head as one piece': 'it hands out streams only',
    'gives a body with chunks that came with its head as one piece': 'it hands out streams only',
    'never shows a body that ends with the connection as complete after a reset':
      'it takes the reset for the end',
    'HTTP/1.2': LENIENT,
    'an unasked 101': LENIENT,
    'seventeen 1xx': 'it counts no 1xx',
    'status 099': LENIENT,
    'status 600': LENIENT,
    'two spaces before the status': LENIENT,
    'bare LF after the status line': LENIENT,
    'bare LF after a field': LENIENT,
    'bare LF as the empty line': LENIENT,
    'the same length twice': LENIENT,
    'a length with chunks': 'it reads chunks',
    'chunks with a length': 'it reads chunks',
    'an unknown coding': LENIENT,
    'a coding before chunks': LENIENT,
    'a coding after chunks': LENIENT,
    'chunked twice': LENIENT,
    'an almost chunked coding': LENIENT,
    'an empty transfer coding': LENIENT,
    'chunks in HTTP/1.0': LENIENT,
    'a chunk size past 2^53': 'it waits for the rest for ever',
    'NUL in an extension': LENIENT,
    'a trailer without a colon': 'it reads no trailers',
    'a bare LF after a trailer': 'it reads no trailers',
    'the end of the last chunk': 'it takes it for complete',
  },
});
