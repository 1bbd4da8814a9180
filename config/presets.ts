/** An API as a preset knows it. */
export interface Preset {
  readonly origin: string;
  /** The header that carries the key, and how. */
  readonly header: readonly [name: string, value: (key: string) => string];
  /** Headers with which a client would choose whom the key's owner pays for. */
  readonly denyHeaders: readonly string[];
}

/** The presets; the next one is five lines. */
export const PRESETS = {
  openai: {
    origin: 'https://api.openai.com',
    header: ['Authorization', (key) => `Bearer ${key}`],
    denyHeaders: ['openai-organization', 'openai-project'],
  },
  anthropic: {
    origin: 'https://api.anthropic.com',
    header: ['x-api-key', (key) => key],
    denyHeaders: [],
  },
  gemini: {
    origin: 'https://generativelanguage.googleapis.com',
    header: ['x-goog-api-key', (key) => key],
    denyHeaders: ['x-goog-user-project'],
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
