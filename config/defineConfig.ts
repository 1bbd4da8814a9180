import type { SignwayConfig } from './configSchema.ts';

/**
 * Gives a configuration its type, so that editors complete it. It returns what it is given; the file is checked when
 * it is read.
 *
 * @example
 * export default defineConfig({
 *   apps: [
 *     {
 *       id: 'my-app',
 *       secrets: ['env:SW_SECRET'],
 *       upstreams: [{ preset: 'openai', key: 'env:OPENAI_API_KEY' }],
 *     },
 *   ],
 * });
 */
export function defineConfig(config: SignwayConfig): SignwayConfig {
  return config;
}
