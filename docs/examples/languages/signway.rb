# frozen_string_literal: true

# Signs and verifies URLs of the protocol SW1-HMAC-SHA256 with Ruby's standard library alone.

require 'openssl'
require 'time'
require 'uri'

module Signway
  ALGORITHM = 'SW1-HMAC-SHA256'
  KNOWN = %w[Algorithm Credential Date Expires Proxy SignedHeaders Body Signature].map { "X-Sw-#{_1}" }.freeze

  UPSTREAM = %r{\Ahttps?://[^/?#@\\\x00-\x20\x7f]+(?:[/?][^#\\\x00-\x20\x7f]*)?\z}.freeze

  # The code of docs/protocol.md is its message.
  class Refused < StandardError; end

  module_function

  # The signed URL. `proxy_url` is written as a browser shows it; `body` is a text, or nil for any body.
  def sign_url(id:, secret:, host:, proxy_url:, expiry:, method:, headers: {}, body: nil, date: nil, extensions: {})
    date ||= Time.now.utc.strftime('%Y%m%dT%H%M%SZ')
    proxy_url += '/' if URI(proxy_url).path.empty?
    signed = headers.transform_keys(&:downcase)
    signed['content-length'] = body.bytesize.to_s if body
    parameters = {
      'X-Sw-Algorithm' => ALGORITHM,
      'X-Sw-Credential' => "#{id}/#{date[0, 8]}",
      'X-Sw-Date' => date,
      'X-Sw-Expires' => expiry.to_s,
      'X-Sw-Proxy' => proxy_url,
      'X-Sw-SignedHeaders' => signed.keys.sort.join(';'),
      'X-Sw-Body' => (!body.nil?).to_s,
      **extensions.sort.to_h
    }
    method = '*' if parameters.key?('X-Sw-Methods')
    signature = signature(secret, method.upcase, parameters, signed, body.to_s)
    query = parameters.map { |name, value| "#{name}=#{encode(value)}" }.join('&')
    "#{host.chomp('/')}/?#{query}&X-Sw-Signature=#{signature}"
  end

  # The upstream's URL, if one of `secrets` (by the app's id) signed this request. `headers` have lower-case names,
  # `now` is a Time.
  def verify(method:, url:, headers:, body:, secrets:, now:, max_expiry: 604_800, skew: 300)
    target, query = url.sub(%r{\Ahttps?://[^/?]+}, '').split('?', 2)
    raise Refused, 'not_found' unless target == '/'

    given = parameters(query.to_s)
    raise Refused, 'missing_parameter' unless KNOWN.all? { given.key?(_1) }

    algorithm, credential, date, expires, proxy, signed_headers, signs_body, mac = given.values_at(*KNOWN)
    raise Refused, 'unsupported_algorithm' unless algorithm == ALGORITHM

    id, day = credential.split('/', 2)
    names = signed_headers.split(';', -1)
    date_at = time(date)
    well_formed = date_at && !id.to_s.empty? && day == date[0, 8] && expires.match?(/\A(?:0|[1-9]\d{0,9})\z/) &&
                  expires.to_i <= 0xffff_ffff && proxy.match?(UPSTREAM) &&
                  %w[true false].include?(signs_body) && names.uniq == names &&
                  names.all? { _1.match?(/\A[!#$%&'*+\-.^_`|~0-9a-z]+\z/) }
    raise Refused, 'invalid_parameter' unless well_formed
    raise Refused, 'signature_mismatch' unless mac.match?(/\A[0-9a-f]{64}\z/)
    raise Refused, 'expiry_too_long' if expires.to_i > max_expiry
    raise Refused, 'not_yet_valid' if date_at > now + skew
    raise Refused, 'expired' if now > date_at + expires.to_i
    raise Refused, 'unknown_app' unless secrets.key?(id)
    sent = signs_body == 'true' ? { 'content-length' => '0', **headers } : headers
    raise Refused, 'missing_signed_header' unless names.all? { sent.key?(_1) }
    raise Refused, 'length_required' if signs_body == 'true' && headers.key?('transfer-encoding')

    rest = given.reject { |name, _| name == 'X-Sw-Signature' }
    method = '*' if rest.key?('X-Sw-Methods')
    covered = signs_body == 'true' ? body.to_s : ''
    # Signers differ in five characters: some leave them as they are.
    expected = ['', "!'()*"].map { signature(secrets[id], method, rest, sent.slice(*names), covered, left: _1) }
    matches = expected.map { OpenSSL.fixed_length_secure_compare(mac, _1) }
    raise Refused, 'signature_mismatch' unless matches.any?
    raise Refused, 'unknown_parameter' if given.size > KNOWN.size # unless you know it, and do what it asks

    proxy
  end

  def parameters(query)
    query.split('&').each_with_object({}) do |part, found|
      name, value = part.split('=', 2)
      unless name.to_s.match?(/\AX-Sw-[A-Za-z]+\z/)
        raise Refused, 'invalid_parameter' if decode(name.to_s).start_with?('X-Sw-')

        next
      end
      raise Refused, 'duplicate_parameter' if found.key?(name)

      found[name] = decode(value.to_s)
      raise Refused, 'invalid_parameter' if found[name].match?(/[\x00-\x1f\x7f]/)
    end
  end

  def decode(text)
    decoded = URI.decode_www_form_component(text)
    raise Refused, 'invalid_parameter' unless decoded.valid_encoding?

    decoded
  rescue ArgumentError
    raise Refused, 'invalid_parameter'
  end

  def encode(text, left: '')
    text.b.gsub(/[^A-Za-z0-9\-._~#{Regexp.escape(left)}]/n) { format('%%%02X', _1.ord) }
  end

  # Nil unless it is a real date: 30 February rolls over.
  def time(date)
    at = Time.strptime(date, '%Y%m%dT%H%M%S%z')
    at if at.utc.strftime('%Y%m%dT%H%M%SZ') == date
  rescue ArgumentError
    nil
  end

  def signature(secret, method, parameters, headers, body, left: '')
    query = parameters.sort.map { |name, value| "#{name}=#{encode(value, left: left)}" }.join('&')
    lines = headers.sort.map { |name, value| "#{name}:#{value.gsub(/\A[ \t]+|[ \t]+\z/, '')}" }.join("\n")
    canonical = "#{method}\n/\n#{query}\n#{lines}\n\n#{headers.keys.sort.join(';')}\n".b + body.b
    date = parameters['X-Sw-Date']
    to_sign = [ALGORITHM, date, date[0, 8], OpenSSL::Digest::SHA256.hexdigest(canonical)].join("\n")
    key = OpenSSL::HMAC.digest('SHA256', ALGORITHM + secret, date[0, 8])
    OpenSSL::HMAC.hexdigest('SHA256', key, to_sign)
  end
end
