/** `signway` on Bun: what a backend needs, and the gateway. */
export type { SignwayConfig } from '../config/configSchema.ts';
export { defineConfig } from '../config/defineConfig.ts';
export {
  createSignway,
  type RunningSignway,
  type ServeOptions,
  type Signway,
  type SignwayOptions,
} from '../server/createSignway.ts';
export * from './sign.ts';
