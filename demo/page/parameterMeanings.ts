/** The signed URL's parameters in the order in which they are written, and what each one protects. */
export const PARAMETER_MEANINGS: readonly { name: string; protects: string }[] = [
  { name: 'Algorithm', protects: 'How it is signed, so that nobody can pick a weaker way.' },
  {
    name: 'Credential',
    protects: 'Which app signed, and on which day: the signing key is good for that day alone.',
  },
  { name: 'Date', protects: 'When it was signed. A date in the future is refused.' },
  { name: 'Expires', protects: 'For how many seconds it can be used. A running answer may finish.' },
  { name: 'Proxy', protects: 'The one upstream URL that this request may reach.' },
  { name: 'SignedHeaders', protects: 'Headers that must arrive with exactly the signed values.' },
  {
    name: 'Body',
    protects: 'true: every byte of the body is signed, so the model and the question are fixed.',
  },
  { name: 'Signature', protects: 'Seals all of the above, and the method. One change anywhere breaks it.' },
];
