package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
)

// A Client asks the API: of the server that runs with a data folder, or, if none
// does, of the folder itself.
type Client struct {
	// Running reports whether there is a server, in which changes are in force at
	// once.
	Running bool

	base  string // URL
	http  http.Client
	close func() error
}

// socketURL stands for the socket.
const socketURL = "http://handsel"

// Dial gives a client for a data folder.
func Dial(dir string) (*Client, error) {
	socket := filepath.Join(dir, SocketFile)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	if c, err := dial(context.Background(), "", ""); err == nil {
		c.Close()
		transport := &http.Transport{DialContext: dial}
		return &Client{Running: true, base: socketURL, http: http.Client{Transport: transport}, close: func() error { transport.CloseIdleConnections(); return nil }}, nil
	}
	data, err := assemble.Open(dir)
	if err != nil {
		return nil, err
	}
	return &Client{base: socketURL, http: http.Client{Transport: direct{New(data, nil, nil).Handler()}}, close: data.Close}, nil
}

// Close lets go of the folder, or of the connection.
func (c *Client) Close() error { return c.close() }

// ErrNoAnswer is the cause if a server is not there, or does not want to speak to
// this client.
var ErrNoAnswer = errors.New("the server does not answer")

// Do asks for an operation, such as "GET", "/v1/bindings". in and out, which may
// be nil, are what is sent and what comes back. The error is an *Error if the API
// gave it.
func (c *Client) Do(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "readLoop") {
			err = inner // where in net/http it was noticed is nothing for people
		}
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		var failed struct{ Error *Error }
		if err := json.NewDecoder(res.Body).Decode(&failed); err != nil || failed.Error == nil {
			return fmt.Errorf("the server answers %s", res.Status)
		}
		failed.Error.Status = res.StatusCode
		return failed.Error
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// direct is a way to a handler without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	a := &recorded{header: http.Header{}, status: http.StatusOK}
	d.ServeHTTP(a, r)
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Header: a.header, Body: io.NopCloser(&a.body), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// recorded is what a handler has answered.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *recorded) Header() http.Header         { return a.header }
func (a *recorded) WriteHeader(status int)      { a.status = status }
func (a *recorded) Write(b []byte) (int, error) { return a.body.Write(b) }
