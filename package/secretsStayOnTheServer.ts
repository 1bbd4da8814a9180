/**
 * What a page gets instead of every entry that is given a secret.
 *
 * **Security**: it exports nothing, so a bundler that is asked for `signUrl` stops with an error that names this
 * file; what it does not check at build time throws here, before a secret could have been used.
 */
throw new Error('signway signs with a secret, which must not reach a page: sign on the server');

export {};
