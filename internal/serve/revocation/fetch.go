// Package revocation knows whether certificates were revoked. It fetches OCSP
// responses (RFC 6960) for the server's own certificates ahead of the handshakes in
// which they are stapled, and keeps them over outages of who gives them; and it
// looks up the certificates of clients, by OCSP and in lists (CRLs, RFC 5280).
package revocation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Limits of what is fetched, in bytes: the list of a large authority has millions
// of entries, a response for one certificate two thousand bytes.
const (
	mostOCSP = 64 << 10
	mostList = 64 << 20
)

// fetchLimit is the longest time that fetching takes when nobody waits for it.
const fetchLimit = time.Minute

// client fetches. What it is told has a signature, so plain HTTP will do.
var client = &http.Client{
	Timeout: fetchLimit,
	CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) >= 3 {
			return errors.New("it leads from one place to another")
		}
		return fetchable(r.URL)
	},
}

// fetchable refuses addresses of other kinds than HTTP.
func fetchable(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s is not fetched: only http and https are", u.Redacted())
	}
	return nil
}

// fetch gets what is at an address, or posts a body of a type to it.
func fetch(ctx context.Context, address, kind string, body []byte, most int64) ([]byte, error) {
	u, err := url.Parse(address)
	if err == nil {
		err = fetchable(u)
	}
	if err != nil {
		return nil, err
	}
	method := http.MethodGet
	if kind != "" {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > most:
		return nil, fmt.Errorf("what %s gives is longer than %d bytes", address, most)
	}
	return data, nil
}
