// app/api/sign/route.ts
export { signForPages as POST } from './signForPages.ts';
