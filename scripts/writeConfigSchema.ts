/** Writes the JSON Schema of the configuration file: `bun scripts/writeConfigSchema.ts`. A test says when it is old. */
import { jsonSchemaOfConfig } from '../config/jsonSchemaOfConfig.ts';

const path = new URL('../docs/signway.config.schema.json', import.meta.url);
await Bun.write(path, `${JSON.stringify(jsonSchemaOfConfig(), null, 2)}\n`);
await Bun.spawn([process.execPath, 'x', 'biome', 'format', '--write', path.pathname], { stdout: 'ignore' })
  .exited;
