// Reads vectors as JSON, and says what the example makes of them.
package main

import (
	"encoding/json"
	"os"
	"strings"
	"time"

	"example/signway"
)

const layout = "20060102T150405Z"

type vector struct {
	ID, Secret, Host, ProxyURL, Method, Date string
	Expiry                                   uint32
	Headers, Extensions                      map[string]string
	Body                                     *string
}

type received struct {
	ID, Secret, Now string
	Request         struct {
		Method, URL string
		Headers     map[string]string
		Body        *string
	}
}

func main() {
	var given struct {
		Sign   []vector
		Verify []received
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	answer := struct {
		Signed   []string `json:"signed"`
		Verified []string `json:"verified"`
	}{}
	for _, v := range given.Sign {
		date, err := time.Parse(layout, v.Date)
		if err != nil {
			panic(err)
		}
		signed, err := signway.SignURL(signway.Request{
			ID: v.ID, Secret: v.Secret, Host: v.Host, ProxyURL: v.ProxyURL, Expiry: v.Expiry, Method: v.Method,
			Headers: v.Headers, Body: bytesOf(v.Body), Date: date, Extensions: v.Extensions,
		})
		if err != nil {
			panic(err)
		}
		answer.Signed = append(answer.Signed, signed)
	}
	for _, v := range given.Verify {
		headers := map[string]string{}
		for name, value := range v.Request.Headers {
			headers[strings.ToLower(name)] = value
		}
		now, err := time.Parse(layout, v.Now)
		if err != nil {
			panic(err)
		}
		request := signway.Received{Method: v.Request.Method, URL: v.Request.URL, Headers: headers, Body: bytesOf(v.Request.Body)}
		verified, err := signway.Verify(request, map[string]string{v.ID: v.Secret}, now)
		if err != nil {
			verified = "refused: " + err.Error()
		}
		answer.Verified = append(answer.Verified, verified)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		panic(err)
	}
}

func bytesOf(body *string) []byte {
	if body == nil {
		return nil
	}
	return []byte(*body)
}
