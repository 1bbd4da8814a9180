/** The questions that the page suggests; the stand-in upstream has a real answer to each of them. */
export const SUGGESTED_QUESTIONS = [
  'How can this page call the API without its key?',
  'What can someone do with a copied URL?',
  'Why not send everything through my backend?',
] as const;

/**
 * What the stand-in upstream says. It is no language model: the suggested questions have written answers,
 * and any other question gets an honest one that says what just happened on the wire.
 *
 * @param question The last user message of the chat, any length.
 */
export function answerFor(question: string): string {
  const asked = question.trim();
  return ANSWERS.get(asked) ?? standIn(asked);
}

const ANSWERS: ReadonlyMap<string, string> = new Map([
  [
    SUGGESTED_QUESTIONS[0],
    `Because the key never has to travel. Your backend signs one URL: this upstream, this method, these headers, this very body, for one minute. The page sends its request to that URL. Signway works the signature out again from what actually arrived, and only if it matches does it add the Authorization header and pass the request on.

I am the upstream, and I have just received your question with the key on it. You are reading my answer token by token, as I write it. Nothing in the page you are looking at has ever seen that key, and your backend did not have to hold the stream open.`,
  ],
  [
    SUGGESTED_QUESTIONS[1],
    `Send the same request again, until the minute is over. Nothing else.

Another body, another model, another upstream, one header less, a later expiry: each of them changes what was signed, so the signature no longer matches and Signway refuses the request before it reaches me. The four buttons further down do exactly that; watch my side stay empty.

And the copied URL does not contain the key. There is nothing in it to keep for tomorrow.`,
  ],
  [
    SUGGESTED_QUESTIONS[2],
    `You can, and then every token of every answer passes through your application: a connection held open for minutes, buffers to get right, a deploy that cuts people off in the middle of a sentence.

With a signed URL your backend does the one thing that only it can do. It decides who may ask what, signs that decision in a few microseconds, and is done. The stream runs between the page and Signway. When you press Stop, I notice at once and stop writing, so nobody pays for tokens that nobody reads.`,
  ],
]);

function standIn(asked: string): string {
  const quoted = asked.length > 160 ? `${asked.slice(0, 160)}…` : asked;
  return `You asked: “${quoted}”

I am a stand-in for the real API, made so that this demo needs no account, and I cannot think. But your words did come all the way: your backend signed them, this page sent them without a key, Signway checked the signature and added the key, and I would have refused them otherwise.

What you are watching is the real path of a streamed answer, one event for each piece of text. Start the demo with OPENAI_API_KEY set and the same page asks a model instead.`;
}
