import { expect, test } from 'bun:test';
import { shownUrl } from './shownUrl.ts';

test.each([
  ['https://api.example.com/v1', 'https://api.example.com/v1'],
  ['https://user:canary@api.example.com/v1', 'https://…@api.example.com/v1'],
  ['https://canary@more@api.example.com', 'https://…@api.example.com'],
  ['user:canary@api.example.com', '…@api.example.com'],
  ['https://user:can/ary@api.example.com', 'https://…@api.example.com'],
  ['https://api.example.com/?key=canary', 'https://api.example.com/?…'],
  ['https://api.example.com/#canary', 'https://api.example.com/#…'],
  ['https://a:can?ary@api.example.com', 'https://…@api.example.com'],
  ['canary', 'canary'],
])('of %s a message shows %s', (url, shown) => expect(shownUrl(url)).toBe(shown));
