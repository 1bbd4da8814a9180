# frozen_string_literal: true

# Reads vectors as JSON, and says what the example makes of them.

require 'json'
require_relative 'signway'

given = JSON.parse($stdin.read)

signed = given['sign'].map do |input|
  input['proxy_url'] = input.delete('proxyUrl')
  Signway.sign_url(**input.transform_keys(&:to_sym))
end

verified = given['verify'].map do |input|
  request = input['request']
  Signway.verify(
    method: request['method'],
    url: request['url'],
    headers: request['headers'].transform_keys(&:downcase),
    body: request['body'],
    secrets: { input['id'] => input['secret'] },
    now: Time.strptime(input['now'], '%Y%m%dT%H%M%S%z')
  )
rescue Signway::Refused => e
  "refused: #{e.message}"
end

puts JSON.generate({ signed: signed, verified: verified })
