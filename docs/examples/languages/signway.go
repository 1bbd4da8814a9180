// Package signway signs and verifies URLs of the protocol SW1-HMAC-SHA256 with Go's standard library alone.
package signway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm = "SW1-HMAC-SHA256"
	layout    = "20060102T150405Z"
)

var (
	known      = []string{"X-Sw-Algorithm", "X-Sw-Credential", "X-Sw-Date", "X-Sw-Expires", "X-Sw-Proxy", "X-Sw-SignedHeaders", "X-Sw-Body", "X-Sw-Signature"}
	parameter  = regexp.MustCompile(`^X-Sw-[A-Za-z]+$`)
	plainCount = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,9})$`)
	headerName = regexp.MustCompile("^[!#$%&'*+\\-.^_`|~0-9a-z]+$")
	mac        = regexp.MustCompile(`^[0-9a-f]{64}$`)
	upstream   = regexp.MustCompile(`^https?://[^/?#@\\\x00-\x20\x7f]+(?:[/?][^#\\\x00-\x20\x7f]*)?$`)
	control    = regexp.MustCompile(`[\x00-\x1f\x7f]`)
)

// Request is what is signed.
type Request struct {
	ID, Secret string
	// Host is where the gateway answers: https://gw.example.com.
	Host string
	// ProxyURL is the upstream's URL, written as a browser shows it.
	ProxyURL string
	// Expiry is the validity in seconds.
	Expiry  uint32
	Method  string
	Headers map[string]string
	// Body is nil for any body.
	Body       []byte
	Date       time.Time
	Extensions map[string]string
}

// SignURL makes a signed URL.
func SignURL(r Request) (string, error) {
	parsed, err := url.Parse(r.ProxyURL)
	if err != nil {
		return "", err
	}
	proxyURL := r.ProxyURL
	if parsed.Path == "" {
		proxyURL += "/"
	}
	date := r.Date.UTC().Format(layout)
	signed := map[string]string{}
	for name, value := range r.Headers {
		signed[strings.ToLower(name)] = value
	}
	if r.Body != nil {
		signed["content-length"] = strconv.Itoa(len(r.Body))
	}
	parameters := map[string]string{
		"X-Sw-Algorithm":     algorithm,
		"X-Sw-Credential":    r.ID + "/" + date[:8],
		"X-Sw-Date":          date,
		"X-Sw-Expires":       strconv.FormatUint(uint64(r.Expiry), 10),
		"X-Sw-Proxy":         proxyURL,
		"X-Sw-SignedHeaders": strings.Join(names(signed), ";"),
		"X-Sw-Body":          strconv.FormatBool(r.Body != nil),
	}
	order := append([]string{}, known[:7]...)
	for _, name := range names(r.Extensions) {
		parameters[name] = r.Extensions[name]
		order = append(order, name)
	}
	method := strings.ToUpper(r.Method)
	if _, several := parameters["X-Sw-Methods"]; several {
		method = "*"
	}
	signature := sign(r.Secret, method, parameters, signed, r.Body, "")
	query := make([]string, 0, len(order))
	for _, name := range order {
		query = append(query, name+"="+encode(parameters[name], ""))
	}
	return strings.TrimSuffix(r.Host, "/") + "/?" + strings.Join(query, "&") + "&X-Sw-Signature=" + signature, nil
}

// Received is a request as it came.
type Received struct {
	Method, URL string
	// Headers have lower-case names.
	Headers map[string]string
	Body    []byte
}

// Verify gives the upstream's URL if one of secrets, by the app's id, signed the request; else an error whose text is
// a code of docs/protocol.md. It takes URLs of at most seven days, and clocks five minutes apart.
func Verify(r Received, secrets map[string]string, now time.Time) (string, error) {
	_, rest, _ := strings.Cut(r.URL, "://")
	target, query, _ := strings.Cut(rest, "?")
	if _, path, _ := strings.Cut(target, "/"); path != "" {
		return "", errors.New("not_found")
	}
	parameters, err := parse(query)
	if err != nil {
		return "", err
	}
	for _, name := range known {
		if _, given := parameters[name]; !given {
			return "", errors.New("missing_parameter")
		}
	}
	id, day, _ := strings.Cut(parameters["X-Sw-Credential"], "/")
	date, dateErr := time.Parse(layout, parameters["X-Sw-Date"])
	expires, _ := strconv.ParseUint(parameters["X-Sw-Expires"], 10, 64)
	signedNames := strings.FieldsFunc(parameters["X-Sw-SignedHeaders"], func(c rune) bool { return c == ';' })
	secret, isKnown := secrets[id]
	signsBody := parameters["X-Sw-Body"] == "true"
	_, chunked := r.Headers["transfer-encoding"]
	signed := map[string]string{}
	wellFormed := strings.Join(signedNames, ";") == parameters["X-Sw-SignedHeaders"]
	sent := true
	for _, name := range signedNames {
		value, has := r.Headers[name]
		if signsBody && !has && name == "content-length" {
			value, has = "0", true
		}
		_, twice := signed[name]
		wellFormed = wellFormed && !twice && headerName.MatchString(name)
		sent = sent && has
		signed[name] = value
	}
	switch {
	case parameters["X-Sw-Algorithm"] != algorithm:
		return "", errors.New("unsupported_algorithm")
	// time.Parse takes fractions of a second that the layout does not name.
	case id == "" || dateErr != nil || date.Format(layout) != parameters["X-Sw-Date"] || day != parameters["X-Sw-Date"][:8] || !wellFormed ||
		!plainCount.MatchString(parameters["X-Sw-Expires"]) || expires > 0xffffffff ||
		!upstream.MatchString(parameters["X-Sw-Proxy"]) || (!signsBody && parameters["X-Sw-Body"] != "false"):
		return "", errors.New("invalid_parameter")
	case !mac.MatchString(parameters["X-Sw-Signature"]):
		return "", errors.New("signature_mismatch")
	case expires > 604800:
		return "", errors.New("expiry_too_long")
	case date.After(now.Add(5 * time.Minute)):
		return "", errors.New("not_yet_valid")
	case now.After(date.Add(time.Duration(expires) * time.Second)):
		return "", errors.New("expired")
	case !isKnown:
		return "", errors.New("unknown_app")
	case !sent:
		return "", errors.New("missing_signed_header")
	case signsBody && chunked:
		return "", errors.New("length_required")
	}
	signature := parameters["X-Sw-Signature"]
	delete(parameters, "X-Sw-Signature")
	method, body := r.Method, r.Body
	if _, several := parameters["X-Sw-Methods"]; several {
		method = "*"
	}
	if !signsBody {
		body = nil
	}
	// Signers differ in five characters: some leave them as they are.
	strict := hmac.Equal([]byte(signature), []byte(sign(secret, method, parameters, signed, body, "")))
	component := hmac.Equal([]byte(signature), []byte(sign(secret, method, parameters, signed, body, "!'()*")))
	if !strict && !component {
		return "", errors.New("signature_mismatch")
	}
	if len(parameters) > len(known)-1 {
		return "", errors.New("unknown_parameter") // unless you know it, and do what it asks
	}
	return parameters["X-Sw-Proxy"], nil
}

func parse(query string) (map[string]string, error) {
	parameters := map[string]string{}
	for _, part := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if !parameter.MatchString(name) {
			decoded, err := url.QueryUnescape(name)
			if err != nil || strings.HasPrefix(decoded, "X-Sw-") {
				return nil, errors.New("invalid_parameter")
			}
			continue
		}
		if _, twice := parameters[name]; twice {
			return nil, errors.New("duplicate_parameter")
		}
		decoded, err := url.QueryUnescape(value)
		if err != nil || strings.ToValidUTF8(decoded, "") != decoded || control.MatchString(decoded) {
			return nil, errors.New("invalid_parameter")
		}
		parameters[name] = decoded
	}
	return parameters, nil
}

func sign(secret, method string, parameters, headers map[string]string, body []byte, left string) string {
	query := make([]string, 0, len(parameters))
	for _, name := range names(parameters) {
		query = append(query, name+"="+encode(parameters[name], left))
	}
	lines := make([]string, 0, len(headers))
	for _, name := range names(headers) {
		lines = append(lines, name+":"+strings.Trim(headers[name], " \t"))
	}
	canonical := sha256.New()
	canonical.Write([]byte(method + "\n/\n" + strings.Join(query, "&") + "\n" + strings.Join(lines, "\n") + "\n\n" +
		strings.Join(names(headers), ";") + "\n"))
	canonical.Write(body)
	date := parameters["X-Sw-Date"]
	toSign := algorithm + "\n" + date + "\n" + date[:8] + "\n" + hex.EncodeToString(canonical.Sum(nil))
	return hex.EncodeToString(authenticate(authenticate([]byte(algorithm+secret), date[:8]), toSign))
}

func authenticate(key []byte, message string) []byte {
	code := hmac.New(sha256.New, key)
	code.Write([]byte(message))
	return code.Sum(nil)
}

// encode percent-encodes everything but the unreserved characters of RFC 3986, and those of left.
func encode(text, left string) string {
	var encoded strings.Builder
	for _, b := range []byte(text) {
		if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("-._~"+left, b) >= 0 {
			encoded.WriteByte(b)
		} else {
			encoded.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{b})))
		}
	}
	return encoded.String()
}

func names(values map[string]string) []string {
	sorted := make([]string, 0, len(values))
	for name := range values {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return sorted
}
