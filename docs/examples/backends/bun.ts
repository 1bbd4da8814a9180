import { signForPages } from './signForPages.ts';

export const routes = { '/api/sign': signForPages };
// Bun.serve({ routes })
